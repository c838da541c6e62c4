import { ConnectionChip } from "./connection-chip";
import { dashboards } from "./dashboards";
import { Icon } from "./icon";
import { Menu, MenuItem } from "./menu";
import { navigate } from "./route";
import { TimeControl } from "./time-control";

/** Name with switcher, connection, time, and how to send. */
export function Header({ title, path, onSend }: { title: string; path: string; onSend: () => void }) {
  return (
    <header className="top-bar">
      <h1>
        <Menu
          label={`Dashboard: ${title}`}
          className="switcher"
          align="left"
          button={
            <>
              <span>{title}</span>
              <Icon of="chevron-down" />
            </>
          }
        >
          {(close) =>
            dashboards.map((dashboard) => (
              <MenuItem
                key={dashboard.name}
                checked={path === `/d/${dashboard.name}` || (path === "/" && dashboard === dashboards[0])}
                onPick={() => {
                  close();
                  navigate(`/d/${dashboard.name}`);
                }}
              >
                {dashboard.title}
                <small className="wide">
                  <kbd>g {dashboard.name.slice(0, 1)}</kbd>
                </small>
              </MenuItem>
            ))
          }
        </Menu>
      </h1>
      <span className="grow" />
      <ConnectionChip />
      <TimeControl />
      <button type="button" className="ctl quiet wide" onClick={onSend}>
        <Icon of="send" />
        Send yours
      </button>
    </header>
  );
}
