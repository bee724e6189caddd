// Nothing here is for byoa: it needs no setting.
export default { poweredByHeader: false };
