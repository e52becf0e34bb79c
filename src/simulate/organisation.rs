use rayon::prelude::*;

use crate::stats::dist::expit;
use crate::stats::random::{Seed, Stream};
use crate::stats::{Sample, discrimination};
use crate::table::{Column, Table, Text};
use crate::time::{DAY, HOUR, Instant, NEVER};

use super::Simulated;
use super::truth::{EFFECTS, Truth, effect};

/// What is simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Organisation {
    pub leads: usize,
    /// Mean number of events a lead.
    pub events_per_lead: f64,
    /// Leads are created evenly in `[from, to)`; what happens at or after `until` has not happened yet.
    pub from: Instant,
    pub to: Instant,
    pub until: Instant,
    /// Shifts the base rate: -3.6 gives about 8 %.
    pub intercept: f64,
    pub drift: Option<Drift>,
    pub contact: Contact,
    /// Mean leads an account; nothing: every lead comes by itself.
    pub account_size: Option<f64>,
    pub seed: Seed,
}

/// Which leads sales works: with a probability that rises with the points that they go by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contact {
    /// Of a lead with few points, and of one with many: from 0 to 1.
    pub low: f64,
    pub high: f64,
}

impl Contact {
    /// Every lead is worked.
    pub const ALL: Self = Self { low: 1.0, high: 1.0 };

    fn probability(self, points: f64) -> f64 {
        self.low + (self.high - self.low) * expit((points - HALF_WAY) / SPREAD)
    }
}

/// The points at which contact is half way between low and high, and over how many it rises.
const HALF_WAY: f64 = 30.0;
const SPREAD: f64 = 10.0;
/// Of the leads that would have been won if worked, the share that buys without a word from sales.
const UNASKED: f64 = 0.1;
/// The first stream of contacts, apart from those of the leads, and of accounts.
const CONTACTS: u64 = 1 << 40;
const ACCOUNTS: u64 = 2 << 40;
/// The chance that a lead buys, or not, because its account does.
const TOGETHER: f64 = 0.5;

/// A change in the course of the history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// From when on paid leads convert less.
    pub at: Instant,
    /// Log-odds that paid leads lose.
    pub paid: f64,
}

const SENIORITY: [(&str, f64); 5] =
    [("individual", 0.42), ("manager", 0.28), ("director", 0.16), ("vp", 0.09), ("c-level", 0.05)];
const INDUSTRY: [(&str, f64); 6] =
    [("software", 0.24), ("finance", 0.16), ("retail", 0.18), ("health", 0.14), ("public", 0.1), ("other", 0.18)];
const COUNTRY: [(&str, f64); 6] = [("US", 0.4), ("DE", 0.17), ("FR", 0.12), ("GB", 0.14), ("IN", 0.1), ("BR", 0.07)];
const SOURCE: [(&str, f64); 6] =
    [("organic", 0.31), ("paid", 0.25), ("referral", 0.1), ("event", 0.08), ("outbound", 0.18), ("social", 0.08)];
/// Kinds of events, with their shares of a lukewarm lead's events.
const KINDS: [(&str, f64); 8] = [
    ("page_view", 0.46),
    ("email_open", 0.27),
    ("email_click", 0.08),
    ("pricing_view", 0.08),
    ("download", 0.05),
    ("webinar", 0.025),
    ("demo_request", 0.015),
    ("unsubscribe", 0.02),
];
const PAGES: [(&str, f64); 5] = [("/", 0.4), ("/product", 0.3), ("/blog", 0.2), ("/about", 0.06), ("/careers", 0.04)];
const E_MAIL: u8 = 1;
const PRICING: u8 = 3;
const WEBINAR: u8 = 5;
const DEMO: u8 = 6;
const UNSUBSCRIBE: u8 = 7;
const CAREERS: u8 = 4;
const NO_PAGE: u8 = u8::MAX;

/// The engagement that counts towards conversion is that of the first week.
const WEEK: i64 = 7 * DAY;

struct Event {
    at: Instant,
    kind: u8,
    page: u8,
}

/// What the leads of an account have in common.
struct Account {
    employees: u32,
    industry: u8,
    country: u8,
    /// Whether it buys: leads of a higher probability than this.
    luck: f64,
}

impl Account {
    fn of(organisation: &Organisation, number: u32) -> Self {
        let mut chance = organisation.seed.replicate(ACCOUNTS + u64::from(number));
        Self {
            employees: employees(&mut chance),
            industry: pick(&INDUSTRY, &mut chance),
            country: pick(&COUNTRY, &mut chance),
            luck: chance.uniform(),
        }
    }
}

/// The account of each lead, one after the other: one more lead comes with the same chance each time, so that sizes are
/// geometric.
fn accounts(organisation: &Organisation) -> Option<Vec<u32>> {
    let size = organisation.account_size?;
    let mut chance = organisation.seed.replicate(ACCOUNTS - 1);
    let mut account = 0;
    let next = |number: usize| {
        account += u32::from(number > 0 && chance.chance(1.0 / size));
        account
    };
    Some((0..organisation.leads).map(next).collect())
}

fn employees(chance: &mut Stream) -> u32 {
    (4.6 + 1.6 * chance.normal()).exp().clamp(1.0, 200_000.0) as u32
}

struct Lead {
    created: Instant,
    seniority: u8,
    employees: u32,
    industry: u8,
    country: u8,
    source: u8,
    events: Vec<Event>,
    probability: f64,
    crm_score: f64,
    converted: Instant,
    lost: Instant,
    touched: Instant,
    worked: bool,
    value: f64,
}

/// Makes a history. Each lead draws from a stream of its own, so that the number of threads changes nothing.
pub fn simulate(organisation: &Organisation) -> Simulated {
    let account_of = accounts(organisation);
    let made = |number: usize| {
        let account = account_of.as_ref().map(|of| Account::of(organisation, of[number]));
        lead(organisation, number as u64, account)
    };
    let leads: Vec<Lead> = (0..organisation.leads).into_par_iter().map(made).collect();
    let probability: Vec<f64> = leads.iter().map(|lead| lead.probability).collect();
    // The AUC of the true probabilities needs outcomes without censoring: those of a thought lottery.
    let drawn: Vec<bool> = probability
        .iter()
        .enumerate()
        .map(|(i, p)| organisation.seed.replicate(u64::MAX - i as u64).chance(*p))
        .collect();
    let tally = Sample::new(&probability, &drawn).tally();
    let truth = Truth {
        seed: organisation.seed.0,
        intercept: organisation.intercept,
        effects: EFFECTS.to_vec(),
        drift: organisation
            .drift
            .iter()
            .map(|drift| {
                format!("paid leads lose {} log-odds from {} on", drift.paid, crate::time::Zone::utc().text(drift.at))
            })
            .collect(),
        contact: (organisation.contact != Contact::ALL).then(|| {
            let Contact { low, high } = organisation.contact;
            format!("sales works a lead with probability {low} + {} × logistic((points − {HALF_WAY})/{SPREAD}), points those of the demo's champion; of the leads that would be won if worked, {} % buy unasked", ((high - low) * 1e9).round() / 1e9, 100.0 * UNASKED)
        }),
        accounts: organisation.account_size.map(|size| {
            format!("{size} leads an account in the mean, of one industry, country and size; a lead in {} buys, or not, because its account does", 1.0 / TOGETHER)
        }),
        worked: leads.iter().filter(|lead| lead.worked).count() as f64 / leads.len().max(1) as f64,
        base_rate: probability.iter().sum::<f64>() / probability.len().max(1) as f64,
        best_auc: discrimination::auc(&tally).unwrap_or(0.5),
    };
    Simulated {
        leads: leads_table(&leads, account_of),
        events: events_table(&leads),
        outcomes: outcomes_table(&leads),
        truth,
    }
}

fn lead(organisation: &Organisation, number: u64, account: Option<Account>) -> Lead {
    let mut chance = organisation.seed.replicate(number);
    let created = organisation.from
        + chance.below((organisation.to - organisation.from).max(1) as u64) as i64 / 1_000_000 * 1_000_000;
    let (seniority, mut industry) = (pick(&SENIORITY, &mut chance), pick(&INDUSTRY, &mut chance));
    let (mut country, source) = (pick(&COUNTRY, &mut chance), pick(&SOURCE, &mut chance));
    let mut employees = employees(&mut chance);
    if let Some(account) = &account {
        (industry, country, employees) = (account.industry, account.country, account.employees);
    }
    let heat = chance.normal();
    let events = events(organisation, created, heat, &mut chance);
    let fit = fit(seniority, employees, industry, source) + drift(organisation, created, source);
    let log_odds = organisation.intercept + fit + engagement(&events, created) + effect(15) * heat;
    let probability = expit(log_odds);
    let own = chance.chance(probability);
    let would = account.filter(|_| chance.chance(TOGETHER)).map_or(own, |account| account.luck < probability);
    let points = points(seniority, employees, &events, created);
    let mut contact = organisation.seed.replicate(CONTACTS + number);
    let worked = contact.chance(organisation.contact.probability(points));
    let won = would && (worked || contact.chance(UNASKED));
    // Sales hears of a lead within hours to days, sooner when it looks good.
    let hears = created + ((1.0 + 3.0 * expit(-log_odds - 2.0)) * chance.exponential() * 12.0 * HOUR as f64) as i64;
    let delay = (chance.gamma(1.6) * 26.0 * DAY as f64) as i64;
    let touched = if worked { hears } else { NEVER };
    let converted = if won { created + 2 * DAY + delay } else { NEVER };
    let gives_up = !won && chance.chance(0.55);
    let lost = if gives_up { created + 5 * DAY + (chance.gamma(1.3) * 30.0 * DAY as f64) as i64 } else { NEVER };
    let value = ((7.6 + 0.25 * f64::from(employees).ln() + 0.7 * chance.normal()).exp() / 10.0).round() * 10.0;
    // The CRM's own score was written after the fact: it leans on what became of the lead.
    let crm_score = (100.0 * expit(log_odds + 2.4 + 1.3 * chance.normal() + if won { 0.8 } else { 0.0 })).round();
    let happened =
        |at: Instant| if at != NEVER && at < organisation.until { at / 1_000_000 * 1_000_000 } else { NEVER };
    Lead {
        created,
        seniority,
        employees,
        industry,
        country,
        source,
        probability,
        crm_score,
        converted: happened(converted),
        lost: happened(lost),
        touched: happened(touched),
        worked,
        value: if happened(converted) == NEVER { f64::NAN } else { value },
        events: events.into_iter().filter(|event| event.at < organisation.until).collect(),
    }
}

fn pick(choices: &[(&str, f64)], chance: &mut Stream) -> u8 {
    let mut left = chance.uniform() * choices.iter().map(|(_, share)| share).sum::<f64>();
    let found = choices.iter().position(|(_, share)| {
        left -= share;
        left < 0.0
    });
    found.unwrap_or(choices.len() - 1) as u8
}

/// What a lead does: more when it is warm, some of it before its creation, and demos and pricing when it is hot.
fn events(organisation: &Organisation, created: Instant, heat: f64, chance: &mut Stream) -> Vec<Event> {
    let count = chance.poisson(organisation.events_per_lead * (0.5 * heat - 0.125).exp());
    let mut events: Vec<Event> = (0..count).map(|_| event(created, heat, chance)).collect();
    events.sort_by_key(|event| event.at);
    events
}

fn event(created: Instant, heat: f64, chance: &mut Stream) -> Event {
    let kind = if chance.chance(0.1 * expit(heat)) {
        [PRICING, WEBINAR, DEMO][chance.below(3) as usize]
    } else {
        pick(&KINDS, chance)
    };
    let page = if kind == 0 { pick(&PAGES, chance) } else { NO_PAGE };
    let before = chance.chance(0.12) && kind <= PRICING;
    let days = if before { -5.0 * chance.exponential() } else { 12.0 * chance.exponential() };
    Event { at: created + (days * 86_400.0) as i64 * 1_000_000, kind, page }
}

fn fit(seniority: u8, employees: u32, industry: u8, source: u8) -> f64 {
    let when = |holds: bool, place: usize| if holds { effect(place) } else { 0.0 };
    when(seniority >= 3, 0)
        + when(seniority == 2, 1)
        + when((50..=500).contains(&employees), 2)
        + when(employees > 500, 3)
        + when(industry == 0, 4)
        + when(industry == 4, 5)
        + when(source == 2, 6)
        + when(source == 5, 7)
}

fn drift(organisation: &Organisation, created: Instant, source: u8) -> f64 {
    organisation.drift.filter(|drift| source == 1 && created >= drift.at).map_or(0.0, |drift| -drift.paid)
}

/// The points that sales goes by: those of the demo's champion.
fn points(seniority: u8, employees: u32, events: &[Event], created: Instant) -> f64 {
    let as_of = created + WEEK;
    let seen = || events.iter().filter(move |event| event.at <= as_of);
    let count = |kind: u8| seen().filter(|event| event.kind == kind).count() as f64;
    let when = |holds: bool, points: f64| if holds { points } else { 0.0 };
    let demo = seen().rfind(|event| event.kind == DEMO);
    let latest = seen().next_back().map_or(NEVER, |event| event.at);
    let fit = when(seniority >= 3, 20.0) + when(employees > 500, 25.0);
    let engagement = demo.map_or(0.0, |event| 20.0 * (-(as_of - event.at) as f64 / (30.0 * DAY as f64)).exp2())
        + (5.0 * count(PRICING)).min(20.0)
        + (5.0 * count(E_MAIL)).min(40.0)
        + when(count(WEBINAR) > 0.0, 15.0);
    let other = when(seen().any(|event| event.page == CAREERS), -15.0)
        + when(count(UNSUBSCRIBE) > 0.0, -10.0)
        + when(latest == NEVER || as_of - latest >= 5 * DAY, -10.0);
    (fit.min(45.0) + engagement.min(70.0) + other).clamp(0.0, 100.0)
}

/// What the first week's events add.
fn engagement(events: &[Event], created: Instant) -> f64 {
    let as_of = created + WEEK;
    let seen = || events.iter().filter(move |event| event.at <= as_of);
    let of = |kind: u8| seen().filter(move |event| event.kind == kind);
    let demo = of(DEMO).next_back().map_or(0.0, |event| (-(as_of - event.at) as f64 / (30.0 * DAY as f64)).exp2());
    let latest = seen().next_back().map_or(NEVER, |event| event.at);
    let quiet = latest == NEVER || as_of - latest >= 5 * DAY;
    let when = |holds: bool, place: usize| if holds { effect(place) } else { 0.0 };
    effect(8) * demo
        + effect(9) * of(PRICING).count().min(4) as f64
        + when(of(WEBINAR).next().is_some(), 10)
        + effect(11) * of(E_MAIL).count().min(10) as f64
        + when(of(0).any(|event| event.page == CAREERS), 12)
        + when(of(UNSUBSCRIBE).next().is_some(), 13)
        + when(quiet, 14)
}

fn names(leads: usize) -> Text {
    let levels: Vec<String> = (0..leads).map(|number| format!("L{number:07}")).collect();
    Text { codes: (0..leads as u32).collect(), levels, ..Text::default() }
}

fn coded(choices: &[(&str, f64)], codes: impl Iterator<Item = u8>) -> Column {
    let levels = choices.iter().map(|(name, _)| (*name).to_string()).collect();
    let code = |code: u8| if code == NO_PAGE { crate::table::MISSING } else { u32::from(code) };
    Column::Text(Text { codes: codes.map(code).collect(), levels, ..Text::default() })
}

fn leads_table(leads: &[Lead], account: Option<Vec<u32>>) -> Table {
    let mut table = Table::new(leads.len());
    table.push("lead_id", Column::Text(names(leads.len())));
    table.push("created_at", Column::Instant(leads.iter().map(|lead| lead.created).collect()));
    if let Some(codes) = account {
        let levels = (0..=codes.last().copied().unwrap_or(0)).map(|number| format!("A{number:07}")).collect();
        table.push("account_id", Column::Text(Text { codes, levels, ..Text::default() }));
    }
    table.push("seniority", coded(&SENIORITY, leads.iter().map(|lead| lead.seniority)));
    table.push("employees", Column::Number(leads.iter().map(|lead| f64::from(lead.employees)).collect()));
    table.push("industry", coded(&INDUSTRY, leads.iter().map(|lead| lead.industry)));
    table.push("country", coded(&COUNTRY, leads.iter().map(|lead| lead.country)));
    table.push("source", coded(&SOURCE, leads.iter().map(|lead| lead.source)));
    table.push("crm_score", Column::Number(leads.iter().map(|lead| lead.crm_score).collect()));
    table
}

/// All events, by time.
fn events_table(leads: &[Lead]) -> Table {
    let all = leads
        .iter()
        .enumerate()
        .flat_map(|(number, lead)| lead.events.iter().map(move |event| (event.at, number as u32, event)));
    let mut rows: Vec<(Instant, u32, u8, u8)> =
        all.map(|(at, number, event)| (at, number, event.kind, event.page)).collect();
    rows.par_sort_unstable();
    let mut table = Table::new(rows.len());
    let ids =
        Text { codes: rows.iter().map(|row| row.1).collect(), levels: names(leads.len()).levels, ..Text::default() };
    table.push("lead_id", Column::Text(ids));
    table.push("occurred_at", Column::Instant(rows.iter().map(|row| row.0).collect()));
    table.push("kind", coded(&KINDS, rows.iter().map(|row| row.2)));
    table.push("page", coded(&PAGES, rows.iter().map(|row| row.3)));
    table
}

/// A row for every lead that was won, lost or touched.
fn outcomes_table(leads: &[Lead]) -> Table {
    let decided: Vec<usize> = (0..leads.len())
        .filter(|&i| leads[i].converted != NEVER || leads[i].lost != NEVER || leads[i].touched != NEVER)
        .collect();
    let mut table = Table::new(decided.len());
    let ids = Text {
        codes: decided.iter().map(|&i| i as u32).collect(),
        levels: names(leads.len()).levels,
        ..Text::default()
    };
    let times = |read: fn(&Lead) -> Instant| Column::Instant(decided.iter().map(|&i| read(&leads[i])).collect());
    table.push("lead_id", Column::Text(ids));
    table.push("first_touch_at", times(|lead| lead.touched));
    table.push("converted_at", times(|lead| lead.converted));
    table.push("lost_at", times(|lead| lead.lost));
    table.push("amount", Column::Number(decided.iter().map(|&i| leads[i].value).collect()));
    table
}
