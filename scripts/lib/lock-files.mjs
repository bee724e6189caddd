// What Cargo.lock and package-lock.json say. Pure.

/** The version of a crate in the text of a Cargo.lock. */
export function crateVersion(cargoLock, crate) {
  const found = cargoLock.match(new RegExp(`name = "${crate}"\\r?\\nversion = "([^"]+)"`));
  if (!found) throw new Error(`Cargo.lock does not name the crate ${crate}`);
  return found[1];
}

/**
 * Whether what npm says it installed (`node_modules/.package-lock.json`) is what the lock asks for.
 * Optional packages may be absent: they are another platform's.
 */
export function isInstalled(lock, installed) {
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    if (!found) return Boolean(wanted.optional || wanted.devOptional || wanted.peer);
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}
