import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BROKER_MACHINES_MAX,
  CLIENT_MACHINES_MAX,
  controllerAddress,
  FIRST_CLIENT,
  FIRST_CONTROLLER,
  hardwareAddress,
  loadAddress,
  loadPort,
  managementAddress,
  managementPort,
  namespacePrefix,
  ourAddress,
  SUBNETS,
  switchNamespace,
  uplinkName,
} from '../../../src/local/hosts/addresses.ts';

/** The kernel takes no longer name of an interface (IFNAMSIZ with its end). */
const INTERFACE_NAME_LENGTH_MAX = 15;

test('the last cluster with the most machines stays within 198.18.0.0/15, no address twice', () => {
  const subnet = SUBNETS - 1;
  const range = (first: number, count: number): number[] =>
    Array.from({ length: count }, (_, index) => first + index);
  const brokers = range(1, BROKER_MACHINES_MAX);
  const addresses = [
    ...[...brokers, ...range(FIRST_CLIENT, CLIENT_MACHINES_MAX)].flatMap((machine) => [
      loadAddress(subnet, machine),
      managementAddress(subnet, machine),
    ]),
    ...brokers.map((id) => controllerAddress(subnet, id)),
    ourAddress(subnet),
  ];
  assert.equal(new Set(addresses).size, addresses.length);
  for (const address of addresses) {
    assert.match(address, /^198\.1[89]\.255\.\d+$/);
    const last = Number(address.split('.')[3]);
    assert.ok(last > 0 && last < 255, address);
  }
  assert.equal(loadAddress(subnet, FIRST_CONTROLLER), controllerAddress(subnet, 1));
});

test('hardware addresses are local, for one card, and differ by subnet and machine', () => {
  assert.equal(hardwareAddress(255, 17), '02:c6:12:00:ff:11');
  const [first] = hardwareAddress(0, 1).split(':');
  assert.equal(Number.parseInt(first, 16) & 0b11, 0b10);
  assert.equal(new Set([hardwareAddress(0, 1), hardwareAddress(1, 0), hardwareAddress(1, 1)]).size, 3);
});

test('names of interfaces are short enough, and those of namespaces begin with the cluster', () => {
  for (const name of [loadPort(253), managementPort(253), uplinkName(SUBNETS - 1)]) {
    assert.ok(name.length <= INTERFACE_NAME_LENGTH_MAX, name);
  }
  assert.ok(switchNamespace('0123abcd').startsWith(namespacePrefix('0123abcd')));
});
