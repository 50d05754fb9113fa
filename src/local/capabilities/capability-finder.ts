/** Probes run in the order of their needs, all others at once, and each only once. */
import { EXIT, UserError } from '../../errors/errors.ts';
import type { Capability, CapabilityName, Finding, Probe } from './capability.ts';

export class CapabilityFinder {
  readonly #probes: Readonly<Record<CapabilityName, Probe>>;
  readonly #known = new Map<CapabilityName, Promise<Capability>>();

  constructor(probes: Readonly<Record<CapabilityName, Probe>>) {
    this.#probes = probes;
  }

  /** In the order of `names`. */
  find(names: readonly CapabilityName[]): Promise<Capability[]> {
    return Promise.all(names.map((name) => this.#once(name)));
  }

  /** @throws UserError (exit 3), one line for each thing to be remedied. */
  async require(names: readonly CapabilityName[], purpose: string): Promise<void> {
    const missing = (await this.find(names)).filter(({ ok }) => !ok);
    const roots = new Set(await Promise.all(missing.map((capability) => this.#root(capability))));
    if (roots.size === 0) return;
    const lines = [...roots].map(
      ({ name, found, remedy }) => `${purpose} needs ${name}: found ${found}: ${remedy}`,
    );
    throw new UserError(lines, EXIT.clusterUnreachable);
  }

  #once(name: CapabilityName): Promise<Capability> {
    const known = this.#known.get(name) ?? this.#probe(name);
    this.#known.set(name, known);
    return known;
  }

  async #probe(name: CapabilityName): Promise<Capability> {
    const { neededFor, remedy, needs = [], find } = this.#probes[name];
    const blocker = (await this.find(needs)).find(({ ok }) => !ok);
    if (blocker !== undefined) {
      const cause = await this.#root(blocker);
      const found = `not tried without ${cause.name}`;
      return { name, ok: false, found, neededFor, remedy: cause.remedy, waitsFor: cause.name };
    }
    const finding = await findOrRefusal(find);
    const { ok, found } = finding;
    return { name, ok, found, neededFor, remedy: finding.remedy ?? remedy, waitsFor: null };
  }

  /** What is really missing: itself, or what it waits for. */
  async #root(capability: Capability): Promise<Capability> {
    return capability.waitsFor === null ? capability : this.#once(capability.waitsFor);
  }
}

/** What the system refuses (a directory that may not be read) is a finding too; our own mistakes are not. */
async function findOrRefusal(find: Probe['find']): Promise<Finding> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    return { ok: false, found: error.message };
  }
}
