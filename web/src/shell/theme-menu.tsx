import { setTheme, useThemeChoice, type ThemeChoice } from "../theme/theme";
import { Icon } from "./icon";
import type { IconName } from "./icons";
import { Menu, MenuItem } from "./menu";

const CHOICES = [
  { key: "dark", label: "Dark", icon: "moon" },
  { key: "light", label: "Light", icon: "sun" },
  { key: "system", label: "As the system", icon: "monitor" },
] as const satisfies readonly { key: ThemeChoice; label: string; icon: IconName }[];

export function ThemeMenu({ className, children, align }: { className: string; children?: string; align: "left" | "right" }) {
  const choice = useThemeChoice();
  const icon = CHOICES.find(({ key }) => key === choice)?.icon ?? "monitor";
  return (
    <Menu
      label="Theme"
      className={className}
      align={align}
      button={
        <>
          <Icon of={icon} />
          {children}
        </>
      }
    >
      {(close) =>
        CHOICES.map(({ key, label, icon: shape }) => (
          <MenuItem
            key={key}
            checked={key === choice}
            onPick={() => {
              setTheme(key);
              close();
            }}
          >
            {label}
            <Icon of={shape} />
          </MenuItem>
        ))
      }
    </Menu>
  );
}
