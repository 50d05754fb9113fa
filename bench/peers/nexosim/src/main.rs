//! The hold model on nexosim, as its documentation has it: one model per pending event, which schedules itself anew
//! with `Context::schedule_event` from a schedulable method; one thread, which is its quickest way for this model.
//!
//!   nexosim-peer gaps=FILE pending=N eventsCommon=N eventsWarmUp=N events=N
//!
//! FILE holds the gaps between an event and the one that follows it: whole nanoseconds, float64, little-endian. Prints
//! the events a second over the last `events`, and the simulated time after the first `eventsCommon`, by which one sees
//! that both sides did the same work.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nexosim::model::{Context, Model, schedulable};
use nexosim::simulation::{Mailbox, SimInit, Simulation};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

static GAPS: OnceLock<Vec<Duration>> = OnceLock::new();
static DRAWN: AtomicUsize = AtomicUsize::new(0);

/// The next gap of the table, round and round. Plain loads and stores: there is one thread.
fn gap() -> Duration {
    let gaps = GAPS.get().expect("main fills the table");
    let drawn = DRAWN.load(Ordering::Relaxed);
    DRAWN.store(drawn + 1, Ordering::Relaxed);
    gaps[drawn % gaps.len()]
}

#[derive(Serialize, Deserialize)]
struct Holder {}

#[Model]
impl Holder {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>, _: &mut ()) {
        cx.schedule_event(gap(), schedulable!(Self::hold), ()).unwrap();
    }

    #[nexosim(schedulable)]
    fn hold(&mut self, _: (), cx: &Context<Self>) {
        cx.schedule_event(gap(), schedulable!(Self::hold), ()).unwrap();
    }
}

/// Handles at least `events` events: a step is one instant, with all events that fall on it.
fn handle(simulation: &mut Simulation, events: usize) -> usize {
    let before = DRAWN.load(Ordering::Relaxed);
    let enough = before + events;
    while DRAWN.load(Ordering::Relaxed) < enough {
        simulation.step().unwrap();
    }
    DRAWN.load(Ordering::Relaxed) - before
}

/// The value of a `name=value` word of the command line.
fn word(name: &str) -> String {
    std::env::args()
        .find_map(|word| word.strip_prefix(name)?.strip_prefix('=').map(String::from))
        .unwrap_or_else(|| panic!("expected {name}=..."))
}

fn number(name: &str) -> usize {
    word(name).parse().unwrap_or_else(|_| panic!("expected {name}= and a whole number"))
}

fn main() {
    let gaps = std::fs::read(word("gaps"))
        .expect("the file of gaps")
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().expect("8 bytes")))
        .map(|gap_ns| Duration::from_nanos(gap_ns as u64))
        .collect();
    GAPS.set(gaps).expect("set once");

    let pending = number("pending");
    let events_common = number("eventsCommon");

    let mut bench = SimInit::with_num_threads(1);
    for index in 0..pending {
        bench = bench.add_model(Holder {}, Mailbox::new(), &format!("holder {index}"));
    }
    let mut simulation = bench.init(MonotonicTime::EPOCH).unwrap();

    let common = handle(&mut simulation, events_common);
    assert_eq!(common, events_common, "the first events must not end amid events of one instant");
    let common_ns = simulation.time().duration_since(MonotonicTime::EPOCH).as_nanos();
    handle(&mut simulation, number("eventsWarmUp"));
    let events = number("events");
    let started = Instant::now();
    let handled = handle(&mut simulation, events);
    let seconds = started.elapsed().as_secs_f64();
    let end_ns = simulation.time().duration_since(MonotonicTime::EPOCH).as_nanos();
    println!(
        "{{\"values\":{{\"eventsPerSecond\":{}}},\"checksum\":\"{end_ns}\",\"common\":\"{common_ns}\"}}",
        handled as f64 / seconds
    );
}
