// The package is ESM only: Jest has to be told to translate it, as for any such package.
module.exports = {
  transformIgnorePatterns: ['/node_modules/(?!byoa/)'],
};
