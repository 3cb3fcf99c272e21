import { Component, type ComponentType } from 'preact';

/** A component that is drawn again only when one of its properties is another, or a signal that it reads: for one of many, as in a long list. */
export function still<Props extends object>(Part: ComponentType<Props>): ComponentType<Props> {
  return class Still extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      const now = new Map<string, unknown>(Object.entries(this.props));
      return Object.entries(next).some(([name, value]) => !Object.is(now.get(name), value));
    }
    override render(props: Props) {
      return <Part {...props} />;
    }
  };
}
