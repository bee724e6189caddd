// What TypeScript sees of the package, by arethetypeswrong; an ESM package is not to be had by require() in old modes.
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';

const { problems = [], types, entrypoints = {} } = await checkPackage(createPackageFromTarballData(readFileSync(process.argv[2])), { excludeEntrypoints: ['./byoa.wasm'] });
if (!types) throw new Error('There are no types.');
const grave = problems.filter(({ kind }) => kind !== 'CJSResolvesToESM');
console.log(JSON.stringify({ entrypoints: Object.keys(entrypoints), problems: grave }));
