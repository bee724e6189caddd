// Reads from each test runner's own words how many tests passed and failed. Pure.

/** From the JUnit report of cargo-nextest. */
export function fromJunit(xml) {
  const head = xml.match(/<testsuites\b[^>]*>/)?.[0] ?? '';
  const attribute = (name) => Number(head.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const failed = attribute('failures') + attribute('errors');
  return { passed: attribute('tests') - failed, failed };
}

/** From the closing lines of Rust's own harness and of wasm-bindgen's: one for each test binary. */
export function fromTestResults(output) {
  return sum(
    [...output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed/gm)].map(([, passed, failed]) => ({
      passed: Number(passed),
      failed: Number(failed),
    })),
  );
}

/** From vitest's JSON report. A file that could not be loaded has no test in it, and counts as one. */
export function fromVitest(report) {
  const unloaded = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0);
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length };
}

/** From the TAP of node's test runner. */
export function fromTap(output) {
  const count = (what) => Number(output.match(new RegExp(`^# ${what} (\\d+)$`, 'm'))?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') + count('cancelled') };
}

export function sum(counts) {
  return counts.reduce((all, one) => ({ passed: all.passed + one.passed, failed: all.failed + one.failed }), {
    passed: 0,
    failed: 0,
  });
}
