import { Icon } from "./icon";
import { Link } from "./link";
import { ThemeMenu } from "./theme-menu";

interface NavigationProps {
  path: string;
  onHelp: () => void;
  onSend: () => void;
}

const PLACES = [
  { href: "/", also: "/d/machine", label: "Home", icon: "house" },
  { href: "/d/shop", also: "/d/shop", label: "Shop", icon: "shopping-cart" },
] as const;

const isCurrent = (path: string, place: (typeof PLACES)[number]) => (path === place.href || path === place.also ? "page" : undefined);

function Logo() {
  return (
    <svg className="logo" viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" aria-hidden>
      <circle cx="12" cy="12" r="6" />
      <path d="M12 2v7M12 15v7M2 12h7M15 12h7" />
    </svg>
  );
}

/** 48 px at the left of a wide screen. */
export function Rail({ path, onHelp }: NavigationProps) {
  return (
    <nav className="rail" aria-label="Main">
      <Logo />
      {PLACES.map((place) => (
        <Link key={place.href} href={place.href} aria-label={place.label} title={place.label} aria-current={isCurrent(path, place)}>
          <Icon of={place.icon} />
        </Link>
      ))}
      <span className="grow" />
      <button type="button" aria-label="Keys" title="Keys (?)" onClick={onHelp}>
        <Icon of="keyboard" />
      </button>
      <ThemeMenu className="" align="left" />
    </nav>
  );
}

/** At the bottom of a phone, within reach of the thumb. */
export function Tabs({ path, onSend }: NavigationProps) {
  return (
    <nav className="tabs" aria-label="Main">
      {PLACES.map((place) => (
        <Link key={place.href} href={place.href} aria-current={isCurrent(path, place)}>
          <Icon of={place.icon} />
          {place.label}
        </Link>
      ))}
      <button type="button" onClick={onSend}>
        <Icon of="send" />
        Send yours
      </button>
      <ThemeMenu className="" align="right">
        Theme
      </ThemeMenu>
    </nav>
  );
}
