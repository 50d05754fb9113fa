import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import { planSecurity, type SecurityRequest, securityPlan } from '../../../src/local/security/security.ts';

const CONTROLLER = { name: 'CONTROLLER', protocol: 'PLAINTEXT' } as const;

function request(changes: Partial<SecurityRequest> = {}): SecurityRequest {
  return {
    listeners: [{ name: 'SSL', protocol: 'SSL' }, { name: 'SASL_SSL', protocol: 'SASL_SSL' }, CONTROLLER],
    mechanisms: ['OAUTHBEARER', 'SCRAM-SHA-512', 'PLAIN'],
    interBrokerListener: 'SASL_SSL',
    controllerListener: 'CONTROLLER',
    config: {},
    ...changes,
  };
}

/** The lines of the refusal. */
function refusal(changes: Partial<SecurityRequest>): readonly string[] {
  try {
    planSecurity(request(changes));
  } catch (error) {
    if (error instanceof UserError) return error.lines;
    throw error;
  }
  return [];
}

test('a plan survives being written to the record and read again', () => {
  const plan = planSecurity(request());
  assert.deepEqual(securityPlan.parse(JSON.parse(JSON.stringify(plan))), plan);
});

test('brokers authenticate with the first mechanism that needs no token issuer, and to controllers with PLAIN', () => {
  const plan = planSecurity(
    request({
      listeners: [
        { name: 'SASL_SSL', protocol: 'SASL_SSL' },
        { name: 'CONTROLLER', protocol: 'SASL_PLAINTEXT' },
      ],
    }),
  );
  assert.deepEqual(plan.interBroker, { name: 'SASL_SSL', mechanism: 'SCRAM-SHA-512' });
  assert.deepEqual(plan.controller, { name: 'CONTROLLER', mechanism: 'PLAIN' });
});

test('clients show certificates as ssl.client.auth says, which counts for SASL_SSL with a prefix only', () => {
  const authentication = (config: Record<string, string>): string[] =>
    planSecurity(request({ config })).listeners.map((listener) => listener.clientAuthentication);
  assert.deepEqual(authentication({}), ['none', 'none', 'none']);
  assert.deepEqual(authentication({ 'ssl.client.auth': 'required' }), ['required', 'none', 'none']);
  assert.deepEqual(
    authentication({
      'ssl.client.auth': 'required',
      'listener.name.ssl.ssl.client.auth': 'requested',
      'listener.name.sasl_ssl.ssl.client.auth': 'required',
      'listener.name.controller.ssl.client.auth': 'required',
    }),
    ['requested', 'required', 'none'],
  );
});

test('a request that does not fit is refused with all of its problems at once', () => {
  assert.deepEqual(
    refusal({
      listeners: [
        { name: 'SASL_SSL', protocol: 'SASL_SSL' },
        { name: 'sasl_ssl', protocol: 'SSL' },
        CONTROLLER,
      ],
      mechanisms: ['OAUTHBEARER'],
      config: { 'listener.name.ssl.ssl.keystore.location': '/a', 'num.io.threads': '2' },
    }),
    [
      'listener "sasl_ssl": expected names that differ, found it twice: rename one',
      'listener "SASL_SSL": nodes authenticate to each other here with PLAIN or SCRAM, found OAUTHBEARER: add it, or choose a listener without SASL',
      'broker property listener.name.ssl.ssl.keystore.location: a local cluster with security sets it itself: leave it out',
    ],
  );
});

test('a listener with SASL needs a mechanism, and a mechanism such a listener', () => {
  assert.match(refusal({ mechanisms: [] }).join(), /^listener "SASL_SSL": expected a SASL mechanism/);
  const plain = {
    listeners: [{ name: 'A', protocol: 'PLAINTEXT' }, CONTROLLER] as const,
    interBrokerListener: 'A',
  };
  assert.match(
    refusal(plain).join(),
    /^SASL mechanisms OAUTHBEARER, .* expected a listener with SASL_PLAINTEXT/,
  );
  assert.deepEqual(refusal({ ...plain, mechanisms: [] }), []);
});

test('controllers do not authenticate with SCRAM, whose users they could not know yet', () => {
  const listeners = [
    { name: 'A', protocol: 'PLAINTEXT' },
    { name: 'CONTROLLER', protocol: 'SASL_SSL' },
  ] as const;
  assert.match(
    refusal({ listeners, interBrokerListener: 'A', mechanisms: ['SCRAM-SHA-256'] }).join(),
    /^listener "CONTROLLER": nodes authenticate to each other here with PLAIN, found SCRAM-SHA-256/,
  );
});

test('properties of security are left to the user where nothing is secured', () => {
  const changes = {
    listeners: [CONTROLLER],
    interBrokerListener: 'CONTROLLER',
    mechanisms: [],
    config: { 'config.providers': 'env' },
  };
  assert.deepEqual(refusal(changes), []);
  assert.deepEqual(refusal({ config: changes.config }).length, 1);
});

test('a listener that brokers or controllers are to use must be there', () => {
  assert.match(
    refusal({ interBrokerListener: 'INTERNAL' }).join(),
    /^listener "INTERNAL": expected one of SSL, SASL_SSL/,
  );
});
