/*
 * Numbers, sizes and times in words. Pure functions, no page.
 */
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const STEPS = [
  [3_600, "minute", 60],
  [86_400, "hour", 3_600],
  [Infinity, "day", 86_400],
];

export function ago(moment, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(moment).getTime()) / 1000));
  if (seconds < 60) {
    return "just now";
  }
  const [, unit, size] = STEPS.find(([limit]) => seconds < limit);
  return RELATIVE.format(-Math.floor(seconds / size), unit);
}

export function clock(moment) {
  return new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) {
    return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  }
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export function mebibytes(amount) {
  const gibibytes = Math.round((amount / 1024) * 10) / 10;
  return amount >= 1024 ? `${gibibytes}\u00a0GiB` : `${amount}\u00a0MiB`;
}

export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

export function flavorSizes(flavor) {
  const sizes = [`${flavor.vcpus}\u00a0vCPU`, mebibytes(flavor.ram)];
  return flavor.disk ? [...sizes, `${flavor.disk}\u00a0GiB\u00a0disk`] : sizes;
}

/** The addresses of a server as [{network, address}], IPv4 first. */
export function addressesOf(server) {
  const found = Object.entries(server.addresses || {}).flatMap(([network, entries]) =>
    entries.map((entry) => ({ network, address: entry.addr, version: entry.version })),
  );
  return found.sort((one, other) => one.version - other.version);
}
