import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./theme/tokens.css";
import "./theme/base.css";
import { App } from "./app";
import { createPageStore } from "./live/page-store";
import { ViewStore } from "./time/view";

const views = new ViewStore(location.search, (search) => {
  history.replaceState(history.state, "", search ? `${location.pathname}?${search}` : location.pathname);
});
const root = document.getElementById("root");
if (!root) throw new Error("no #root in the page");
createRoot(root).render(
  <StrictMode>
    <App live={createPageStore()} views={views} />
  </StrictMode>,
);
