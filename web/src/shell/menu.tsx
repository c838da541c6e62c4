import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import "./menu.css";

interface MenuProps {
  label: string;
  className: string;
  button: ReactNode;
  /** Without: radio items are given; with: any content. */
  align?: "left" | "right";
  role?: "menu" | "dialog";
  children: (close: () => void) => ReactNode;
}

/** A button that opens something beneath it; Escape and a click elsewhere close it. */
export function Menu({ label, className, button, align = "right", role = "menu", children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };

  useEffect(() => {
    if (!open) return;
    const items = root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]");
    (root.current?.querySelector<HTMLElement>("[aria-checked=true]") ?? items?.[0])?.focus();
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
      return;
    }
    const items = [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined || items.length === 0) return;
    event.preventDefault();
    items[(to + items.length) % items.length]?.focus();
  };

  return (
    <div className="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={opener}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup={role}
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen((old) => !old)}
      >
        {button}
      </button>
      {open && (
        <div id={id} className={`sheet ${align}`} role={role} aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

interface ItemProps {
  checked?: boolean;
  className?: string;
  onPick: () => void;
  children: ReactNode;
}

export function MenuItem({ checked, className = "", onPick, children }: ItemProps) {
  return (
    <button
      type="button"
      role={checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={checked}
      className={`item ${className}`}
      tabIndex={-1}
      onClick={onPick}
    >
      {children}
    </button>
  );
}
