import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJunit, fromTap, fromTestResults, fromVitest, sum } from '../lib/counts.mjs';

test("nextest's report is counted from its head", () => {
  const xml = '<?xml version="1.0"?>\n<testsuites name="ci" tests="12" failures="2" errors="1" uuid="x">\n<testsuite tests="99"/>';
  assert.deepEqual(fromJunit(xml), { passed: 9, failed: 3 });
});

test('no report is no test', () => {
  assert.deepEqual(fromJunit(''), { passed: 0, failed: 0 });
});

test('the closing lines of several test binaries are added up', () => {
  const output = [
    'test result: ok. 3 passed; 0 failed; 1 ignored; 0 filtered out; finished in 0.01s',
    'noise',
    'test result: FAILED. 4 passed; 2 failed; 0 ignored',
  ].join('\n');
  assert.deepEqual(fromTestResults(output), { passed: 7, failed: 2 });
});

test('a vitest file that could not be loaded counts as one failure', () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    testResults: [
      { status: 'failed', assertionResults: [{}] },
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{}] },
    ],
  };
  assert.deepEqual(fromVitest(report), { passed: 5, failed: 2 });
});

test("node's cancelled tests count as failed", () => {
  assert.deepEqual(fromTap('# tests 4\n# pass 2\n# fail 1\n# cancelled 1\n'), { passed: 2, failed: 2 });
});

test('counts are added up', () => {
  assert.deepEqual(sum([{ passed: 1, failed: 0 }, { passed: 2, failed: 3 }]), { passed: 3, failed: 3 });
  assert.deepEqual(sum([]), { passed: 0, failed: 0 });
});
