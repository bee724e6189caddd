// Before the first paint, so that a chosen theme does not flash in late. The toggle writes the same key.
try {
  const theme = localStorage.getItem('byoa-demo-theme');
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's preference holds.
}
