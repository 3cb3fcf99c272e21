/** Styles that are there, or on their way, by their address. */
const styles = {};

/** @param load brings the code, beside its styles. @param files its styles; those of the first load are none of them. */
export const __vitePreload = (load, files = []) =>
  Promise.all([load(), ...files.map((file) => (styles[file] ??= styleAt(file)))]).then(
    ([part]) => part,
    (error) => {
      dispatchEvent(new Event('vite:preloadError'));
      throw error;
    },
  );

function styleAt(file) {
  // The server put it there, where it drew the page (worker/http/first-paint.ts).
  if (document.querySelector(`link[rel=stylesheet][href="/${file}"]`) !== null) return undefined;
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement('link'), {
      rel: 'stylesheet',
      crossOrigin: '',
      href: `/${file}`,
      onload: resolve,
      onerror() {
        // The next time that it is wanted, it is tried again.
        delete styles[file];
        link.remove();
        reject(new Error(file));
      },
    });
    document.head.append(link);
  });
}
