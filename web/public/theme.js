// Runs before the first paint, so that no page flashes in the wrong theme.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("millrace.theme");
  } catch (error) {
    chosen = null;
  }
  var light = chosen === "light" || (chosen !== "dark" && matchMedia("(prefers-color-scheme: light)").matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
})();
