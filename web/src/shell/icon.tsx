import { createElement } from "react";
import { ICONS, type IconName } from "./icons";

/** One set, 16 px, stroke 1.5; the words stand beside it or in a label. */
export function Icon({ of }: { of: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      {ICONS[of].map(([tag, attributes], i) => createElement(tag, { key: i, ...attributes }))}
    </svg>
  );
}
