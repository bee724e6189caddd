// TypeDoc plug-in: each entry under the name by which it is imported.
import { Converter, ReflectionKind } from 'typedoc';

const NAMES = { index: 'byoa', 'testing/react': 'byoa/testing/react' };

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const module of context.project.getChildrenByKind(ReflectionKind.Module)) {
      module.name = NAMES[module.name] ?? `byoa/${module.name}`;
    }
  });
}
