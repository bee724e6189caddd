// Shows openapi.json. Text of the document becomes text nodes, never markup.
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const byId = (id) => document.getElementById(id);

const answer = await fetch('openapi.json');
const api = await answer.json();
render();

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(9).filter((child) => child !== undefined && child !== null));
  return element;
}

function render() {
  byId('version').textContent = `${api.info.version}, OpenAPI ${api.openapi}`;
  byId('about').replaceChildren(...prose(api.info.description));
  const groups = api.tags.map((tag) => ({ tag, operations: operations().filter((one) => one.tags[0] === tag.name) }));
  byId('content').replaceChildren(
    ...groups.map(({ tag, operations }) =>
      h('section', { 'aria-labelledby': slug(tag.name) }, h('h2', { id: slug(tag.name) }, tag.name), prose(tag.description), operations.map(operationEntry)),
    ),
    h('section', { 'aria-labelledby': 'security' }, h('h2', { id: 'security' }, 'Who calls'), pairs(api.components.securitySchemes, securityTerm)),
    h('section', { 'aria-labelledby': 'schemas' }, h('h2', { id: 'schemas' }, 'Bodies'), Object.entries(api.components.schemas).map(schemaEntry)),
  );
  byId('menu').replaceChildren(
    ...groups.flatMap(({ tag, operations }) => [h('h2', {}, link(slug(tag.name), tag.name)), h('ul', {}, operations.map(menuItem))]),
    h('h2', {}, link('security', 'Who calls')),
    h('h2', {}, link('schemas', 'Bodies')),
  );
  byId('contents').open = !matchMedia('(max-width: 50rem)').matches;
  document.querySelector('.tools').hidden = false;
  byId('find').addEventListener('input', find);
  byId('all').addEventListener('click', openAll);
  addEventListener('hashchange', showTarget);
  showTarget();
}

function operations() {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, ...item[method] })),
  );
}

function slug(name) {
  return `group-${name.toLowerCase().replace(/[^a-z]+/g, '-')}`;
}

function link(id, ...text) {
  return h('a', { href: `#${id}` }, text);
}

function menuItem({ operationId, method, summary }) {
  return h('li', { 'data-of': operationId }, link(operationId, verb(method), ' ', summary.replace(/\.$/, '')));
}

function verb(method) {
  return h('span', { class: `method ${method}` }, method.toUpperCase());
}

function operationEntry(operation) {
  const { operationId, method, path, summary, description, parameters = [], requestBody, responses } = operation;
  return h(
    'details',
    { class: 'entry operation', id: operationId },
    h('summary', {}, verb(method), h('h3', { class: 'path' }, breakable(path)), h('span', { class: 'muted' }, summary)),
    h(
      'div',
      { class: 'body' },
      prose(description),
      part('Who may call', h('p', {}, callers(operation.security))),
      part('Parameters', parameters.length > 0 && h('dl', {}, parameters.map(parameterRow))),
      part('Body', requestBody && contents(requestBody.content)),
      part('Example', h('pre', { tabindex: '0' }, curl(operation))),
      part('Answers', h('dl', {}, Object.entries(responses).map(responseRow))),
    ),
  );
}

function part(title, content) {
  return content ? [h('h4', {}, title), content] : [];
}

/** A path that may be broken after its slashes. */
function breakable(path) {
  return path.split(/(?<=\/)/).flatMap((piece) => [piece, h('wbr')]);
}

function callers(security) {
  if (!security) return 'Anybody.';
  const names = security.map((all) => Object.entries(all).map(([name, scopes]) => [name, ...scopes].join(' '))).map((all) => all.join(' + ') || 'nobody in particular');
  return names.flatMap((name, index) => [index > 0 ? ' or ' : '', link('security', h('code', {}, name))]);
}

function securityTerm({ type, scheme, in: place, name, bearerFormat, description }) {
  const how = type === 'http' ? `Authorization: ${scheme[0].toUpperCase()}${scheme.slice(1)} (${bearerFormat})` : `${place} ${name}`;
  return [h('p', {}, h('code', {}, how)), prose(description)];
}

function pairs(entries, show) {
  return h('dl', {}, Object.entries(entries).map(([name, value]) => h('div', {}, h('dt', {}, h('code', {}, name)), h('dd', {}, show(value)))));
}

function parameterRow({ name, in: place, required, schema, description }) {
  const notes = [place, typeOf(schema), required && 'required'].filter(Boolean);
  return h('div', {}, h('dt', {}, h('code', {}, name), h('small', {}, notes.flatMap((note, index) => (index > 0 ? [', ', note] : [note])))), h('dd', {}, prose(description)));
}

function responseRow([status, described]) {
  const { description, content, headers = {} } = described.$ref ? resolve(described.$ref) : described;
  const named = Object.entries(headers).filter(([, header]) => !header.$ref);
  return h(
    'div',
    {},
    h('dt', {}, h('code', {}, status)),
    h('dd', {}, prose(description), named.map(([name, header]) => h('p', {}, h('code', {}, name), ': ', inline(header.description))), content && contents(content)),
  );
}

function contents(content) {
  return Object.entries(content).map(([kind, { schema, example, examples }]) => [
    !examples && h('p', {}, typeOf(schema), kind === 'application/json' ? [] : ` as ${kind}`),
    schema?.$ref && !examples && h('details', {}, h('summary', {}, 'Members'), members(resolve(schema.$ref))),
    example !== undefined && shown('Example', example),
    Object.entries(examples ?? {}).map(([name, one]) => shown(name, (one.$ref ? resolve(one.$ref) : one).value)),
  ].filter(Boolean));
}

function shown(title, value) {
  return h('details', {}, h('summary', {}, title), h('pre', { tabindex: '0' }, JSON.stringify(value, null, 2)));
}

function schemaEntry([name, schema]) {
  return h(
    'details',
    { class: 'entry schema', id: `schema-${name}` },
    h('summary', {}, h('h3', { class: 'path' }, name)),
    h('div', { class: 'body' }, prose(schema.description), members(schema)),
  );
}

function members(schema) {
  if (schema.allOf) return schema.allOf.map((one) => (one.$ref ? h('p', {}, 'All of ', typeOf(one), ' and:') : members(one)));
  if (schema.properties) return h('dl', {}, Object.entries(schema.properties).map(([name, member]) => memberRow(name, member, schema)));
  return schema.enum && schema.description.includes(schema.enum[0]) ? [] : h('p', {}, typeOf(schema));
}

function memberRow(name, member, { required = [] }) {
  const notes = required.includes(name) ? 'required, ' : '';
  return h('div', {}, h('dt', {}, h('code', {}, name), h('small', {}, notes, typeOf(member))), h('dd', {}, prose(member.description)));
}

function typeOf(schema) {
  if (!schema) return 'anything';
  if (schema.$ref) return link(schema.$ref.replace('#/components/schemas/', 'schema-'), schema.$ref.split('/').pop());
  const choice = schema.oneOf ?? schema.allOf;
  if (choice) return choice.flatMap((one, index) => [index > 0 ? ' or ' : '', typeOf(one)]);
  const type = [schema.type ?? 'anything'].flat().join(' or ');
  if (schema.type?.includes?.('array')) return ['list of ', typeOf(schema.items)];
  return schema.format ? `${type} (${schema.format})` : type;
}

function resolve(reference) {
  return reference.split('/').slice(1).reduce((value, key) => value[key], api);
}

function curl({ method, path, security, requestBody }) {
  const scheme = security?.map((all) => Object.keys(all)[0]).find(Boolean);
  const example = requestBody?.content['application/json']?.example;
  const lines = [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${location.origin}${path}`,
    scheme && `-H "Authorization: Bearer $${scheme === 'admin' ? 'ADMIN_TOKEN' : 'TOKEN'}"`,
    example && "-H 'Content-Type: application/json'",
    example && `-d '${JSON.stringify(example)}'`,
  ];
  return lines.filter(Boolean).join(' \\\n  ');
}

/** Paragraphs, lists and code: all of Markdown that the document uses. */
function prose(text = '') {
  const blocks = text.split(/\n\n+/).filter(Boolean);
  return blocks.map((block) => {
    const lines = block.split('\n');
    const isList = lines.every((line) => line.startsWith('- '));
    return isList ? h('ul', {}, lines.map((line) => h('li', {}, inline(line.slice(2))))) : h('p', {}, inline(block));
  });
}

function inline(text = '') {
  return text.split('`').map((piece, index) => (index % 2 ? h('code', {}, piece) : piece));
}

function find() {
  const words = byId('find').value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const entry of document.querySelectorAll('.operation')) {
    const text = `${entry.id} ${entry.textContent}`.toLowerCase();
    entry.hidden = !words.every((word) => text.includes(word));
    if (!entry.hidden) count += 1;
    document.querySelector(`[data-of="${entry.id}"]`).hidden = entry.hidden;
  }
  for (const section of byId('content').querySelectorAll('section')) {
    const entries = [...section.querySelectorAll('.operation')];
    section.hidden = entries.length > 0 && entries.every((entry) => entry.hidden);
  }
  byId('found').textContent = words.length === 0 ? '' : `${count} found`;
}

function openAll() {
  const entries = [...document.querySelectorAll('.operation')];
  const open = !entries.every((entry) => entry.open);
  for (const entry of entries) entry.open = open;
  byId('all').textContent = open ? 'Close all' : 'Open all';
}

function showTarget() {
  const target = byId(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.matches('details')) target.open = true;
  target.hidden = false;
  target.scrollIntoView();
}
