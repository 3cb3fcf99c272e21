/**
 * The emulator writes rules into style elements of its own, which the page's policy refuses. In this document they become constructed
 * style sheets, which it admits.
 */
export function styledDocument(): { document: Document; drop: () => void } {
  const sheets: CSSStyleSheet[] = [];
  const createElement = (name: string): HTMLElement => {
    const element = document.createElement(name);
    if (name !== 'style') return element;
    const sheet = new CSSStyleSheet();
    sheets.push(sheet);
    document.adoptedStyleSheets.push(sheet);
    Object.defineProperty(element, 'textContent', { set: (text: string) => sheet.replaceSync(text) });
    return element;
  };
  const proxy = new Proxy(document, {
    get: (target, name) => {
      if (name === 'createElement') return createElement;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    document: proxy,
    drop: () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
    },
  };
}
