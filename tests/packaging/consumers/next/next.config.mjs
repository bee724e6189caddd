const alias = { '@dynamic-labs/sdk-react-core': 'byoa/react' };

export default {
  turbopack: { root: import.meta.dirname, resolveAlias: alias },
  webpack(config) {
    Object.assign(config.resolve.alias, alias);
    return config;
  },
};
