// Version numbers. Pure.

/** The first dotted number in a text, as `1.96.0`, or null. */
export function versionIn(text) {
  return text?.match(/\d+(?:\.\d+)+/)?.[0] ?? null;
}

/** Whether a dotted version is at least another; missing parts count as zero. */
export function isAtLeast(version, minimum) {
  const [have, want] = [version, minimum].map((text) => text.split('.').map(Number));
  for (let part = 0; part < Math.max(have.length, want.length); part += 1) {
    const difference = (have[part] ?? 0) - (want[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Whether a version is in an npm range made of `^a.b.c` and `>=a.b.c`, joined by `||`. */
export function isInRange(version, range) {
  return range.split('||').some((part) => {
    const [, operator, minimum] = part.trim().match(/^(\^|>=)([\d.]+)$/);
    const sameMajor = operator === '>=' || version.split('.')[0] === minimum.split('.')[0];
    return sameMajor && isAtLeast(version, minimum);
  });
}
