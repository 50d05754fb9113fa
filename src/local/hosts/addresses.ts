/**
 * Names and addresses on a shaped network, all out of 198.18.0.0/15, which is kept for benchmarks (RFC 2544): cluster k has
 * 198.18.k.0/24 for its load and 198.19.k.0/24 for our own requests, and machine n has n in both.
 *
 *      1 to  64  machines of brokers
 *    101 to 164  controllers: address 100 + id of a broker's controller, the id of a separate one, and its machine
 *    201 to 250  machines of clients
 *    254         this machine, in 198.19.k.0/24 alone
 */

export const SUBNETS = 256;
export const BROKER_MACHINES_MAX = 64;
export const CLIENT_MACHINES_MAX = 50;
export const FIRST_CONTROLLER = 101;
export const FIRST_CLIENT = 201;
const OURSELVES = 254;
const CONTROLLER_OFFSET = 100;

export function loadAddress(subnet: number, machine: number): string {
  return `198.18.${subnet}.${machine}`;
}

export function managementAddress(subnet: number, machine: number): string {
  return `198.19.${subnet}.${machine}`;
}

/** Where we ourselves are in the management network. */
export function ourAddress(subnet: number): string {
  return managementAddress(subnet, OURSELVES);
}

/** Address of the controller in broker `id`, beside that of its machine. */
export function controllerAddress(subnet: number, id: number): string {
  return loadAddress(subnet, CONTROLLER_OFFSET + id);
}

/** Hardware address of a machine's NIC; locally administered. */
export function hardwareAddress(subnet: number, machine: number): string {
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
  return `02:c6:12:00:${hex(subnet)}:${hex(machine)}`;
}

/** What all network namespaces of a cluster begin with. */
export function namespacePrefix(clusterId: string): string {
  return `bt${clusterId}-`;
}

/** Namespace of a cluster's bridges. */
export function switchNamespace(clusterId: string): string {
  return `${namespacePrefix(clusterId)}switch`;
}

/** The bridge's end of a machine's NIC. */
export function loadPort(machine: number): string {
  return `d-${machine}`;
}

/** The bridge's end of a machine's management interface. */
export function managementPort(machine: number): string {
  return `m-${machine}`;
}

/** Our end of the management network; making it also reserves the subnet, since a name can be made once only. */
export function uplinkName(subnet: number): string {
  return `btm${subnet}`;
}
