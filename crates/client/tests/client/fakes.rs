//! Fakes of the ports, and one bench that holds them together.

use crate::fixtures::{API_BASE, ENVIRONMENT, START_MS, args, profile};
use async_trait::async_trait;
use byoa_client::{
    Client, ClientError, Config, Notice,
    ports::{
        Alarm, Clock, Keys, Page, Ports, Random, Request, Response, Store, StoreError, Tasks, Timer,
        Transport, TransportError, Wake,
    },
};
use byoa_protocol::client::{
    ClientConfig, ClientEvent, ClientSnapshot, SessionBinding, StorageKind, UserProfile,
};
use futures_util::{FutureExt as _, future::LocalBoxFuture};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    future::{Future, poll_fn},
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

/// Whether it may be given yet, and the answer.
type Scripted = (Rc<Cell<bool>>, Result<Response, TransportError>);

/// Answers in the order in which they were scripted, and records what was asked.
#[derive(Default)]
pub(crate) struct ScriptedTransport {
    pub(crate) requests: RefCell<Vec<Request>>,
    answers: RefCell<VecDeque<Scripted>>,
}

/// Holds an answer back until it is opened.
pub(crate) struct Gate(Rc<Cell<bool>>);

impl Gate {
    pub(crate) fn open(&self) {
        self.0.set(true);
    }
}

#[async_trait(?Send)]
impl Transport for ScriptedTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let what = format!("{:?} {}", request.method, request.url);
        self.requests.borrow_mut().push(request);
        let (gate, answer) =
            self.answers.borrow_mut().pop_front().unwrap_or_else(|| panic!("no answer for {what}"));
        poll_fn(|_| if gate.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        answer
    }
}

/// A map that can be told to refuse.
#[derive(Default)]
pub(crate) struct MemoryStore {
    pub(crate) values: RefCell<BTreeMap<String, String>>,
    pub(crate) blocked: Cell<bool>,
    pub(crate) full: Cell<bool>,
    pub(crate) writes: Cell<usize>,
    /// What an earlier page read of the settings.
    pub(crate) settings: RefCell<KeptSettings>,
}

/// What an earlier page read of the settings, or none.
pub(crate) struct KeptSettings(pub(crate) Option<String>);

impl KeptSettings {
    /// Read at the start of the test, with these flags.
    pub(crate) fn at_start(flags: u8) -> Self {
        Self(Some(format!(r#"{{"readAt":{START_MS},"flags":{flags}}}"#)))
    }
}

/// Nothing is announced.
impl Default for KeptSettings {
    fn default() -> Self {
        Self::at_start(0)
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        if key.ends_with(":settings") {
            return Ok(self.settings.borrow().0.clone());
        }
        if self.blocked.get() { Err(StoreError) } else { Ok(self.values.borrow().get(key).cloned()) }
    }

    fn set(&self, key: &str, value: &str) -> Result<(), StoreError> {
        if key.ends_with(":settings") {
            self.settings.borrow_mut().0 = Some(value.to_owned());
            return Ok(());
        }
        self.writes.set(self.writes.get() + 1);
        if self.blocked.get() || self.full.get() {
            return Err(StoreError);
        }
        self.values.borrow_mut().insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn remove(&self, key: &str) -> Result<(), StoreError> {
        if self.blocked.get() {
            return Err(StoreError);
        }
        self.values.borrow_mut().remove(key);
        Ok(())
    }

    fn kind(&self) -> StorageKind {
        StorageKind::Local
    }
}

type Wakeups = RefCell<Vec<(i64, Weak<()>, Box<dyn FnOnce()>)>>;

/// Time that stands still until it is advanced, and the wake-ups that are set for it.
#[derive(Default)]
pub(crate) struct ManualClock {
    now_ms: Cell<i64>,
    monotonic_ms: Cell<i64>,
    wakeups: Wakeups,
}

struct Set(#[expect(dead_code, reason = "held for its drop")] Rc<()>);

impl Alarm for Set {}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.now_ms.get()
    }

    fn monotonic_ms(&self) -> i64 {
        self.monotonic_ms.get()
    }
}

impl Timer for ManualClock {
    fn wake_after(&self, delay_ms: i64, wake: Box<dyn FnOnce()>) -> Box<dyn Alarm> {
        let alive = Rc::new(());
        self.wakeups.borrow_mut().push((self.monotonic_ms.get() + delay_ms, Rc::downgrade(&alive), wake));
        Box::new(Set(alive))
    }
}

impl ManualClock {
    pub(crate) fn at(now_ms: i64) -> Self {
        Self { now_ms: Cell::new(now_ms), ..Self::default() }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now_ms.get()
    }

    /// Sets the wall clock, or lets time pass that the monotonic clock and the timers do not notice, as a
    /// laptop's sleep does.
    pub(crate) fn step(&self, milliseconds: i64) {
        self.now_ms.set(self.now_ms.get() + milliseconds);
    }

    /// Lets time pass without waking anybody, as a frozen page does.
    pub(crate) fn freeze(&self, milliseconds: i64) {
        self.step(milliseconds);
        self.monotonic_ms.set(self.monotonic_ms.get() + milliseconds);
    }

    /// Lets time pass, and wakes whoever is due when it is.
    pub(crate) fn advance(&self, milliseconds: i64) {
        let end = self.monotonic_ms.get() + milliseconds;
        while let Some((at, wake)) = self.next_due(end) {
            self.freeze((at - self.monotonic_ms.get()).max(0));
            wake();
        }
        self.freeze(end - self.monotonic_ms.get());
    }

    fn next_due(&self, end: i64) -> Option<(i64, Box<dyn FnOnce()>)> {
        let mut wakeups = self.wakeups.borrow_mut();
        wakeups.retain(|set| set.1.strong_count() > 0);
        let earliest = (0..wakeups.len()).min_by_key(|index| wakeups[*index].0)?;
        (wakeups[earliest].0 <= end).then(|| {
            let (at, _, wake) = wakeups.remove(earliest);
            (at, wake)
        })
    }

    /// How many wake-ups are set and not cancelled.
    pub(crate) fn set(&self) -> usize {
        self.wakeups.borrow().iter().filter(|set| set.1.strong_count() > 0).count()
    }
}

type Watcher = (Weak<()>, Rc<dyn Fn(Wake)>);

/// A page that is visible until it is told otherwise, and a lock that is granted at once.
pub(crate) struct ManualPage {
    pub(crate) visible: Cell<bool>,
    watchers: RefCell<Vec<Watcher>>,
    /// Held by somebody else while it is `false`.
    pub(crate) unlocked: Rc<Cell<bool>>,
    clock: Rc<ManualClock>,
}

impl ManualPage {
    pub(crate) fn new(clock: Rc<ManualClock>) -> Self {
        let (visible, unlocked) = (Cell::new(true), Rc::new(Cell::new(true)));
        Self { visible, watchers: RefCell::default(), unlocked, clock }
    }

    pub(crate) fn wake(&self, wake: Wake) {
        let watchers: Vec<_> = self
            .watchers
            .borrow()
            .iter()
            .filter(|one| one.0.strong_count() > 0)
            .map(|one| Rc::clone(&one.1))
            .collect();
        for watcher in watchers {
            watcher(wake);
        }
    }
}

#[async_trait(?Send)]
impl Page for ManualPage {
    fn is_visible(&self) -> bool {
        self.visible.get()
    }

    fn watch(&self, wake: Box<dyn Fn(Wake)>) -> Box<dyn Alarm> {
        let alive = Rc::new(());
        self.watchers.borrow_mut().push((Rc::downgrade(&alive), Rc::from(wake)));
        Box::new(Set(alive))
    }

    async fn lock(&self, _: &str, wait_ms: i64) -> Box<dyn Alarm> {
        let until = self.clock.monotonic_ms() + wait_ms;
        poll_fn(|_| {
            let is_over = self.unlocked.get() || self.clock.monotonic_ms() >= until;
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        Box::new(Set(Rc::new(())))
    }
}

/// Counts up.
#[derive(Default)]
pub(crate) struct CountingRandom(Cell<u8>);

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.replace(self.0.get().wrapping_add(1));
        }
        // Otherwise 64 bytes would repeat themselves in every id's alphabet.
        self.0.set(self.0.get().wrapping_add(1));
    }
}

#[derive(Default)]
pub(crate) struct CollectedTasks(RefCell<Vec<LocalBoxFuture<'static, ()>>>);

impl Tasks for CollectedTasks {
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()>>>) {
        self.0.borrow_mut().push(task);
    }
}

/// A client and the world around it.
pub(crate) struct Bench {
    pub(crate) client: Client,
    pub(crate) transport: Rc<ScriptedTransport>,
    pub(crate) store: Rc<MemoryStore>,
    pub(crate) clock: Rc<ManualClock>,
    pub(crate) page: Rc<ManualPage>,
    pub(crate) notices: Rc<RefCell<Vec<Notice>>>,
    tasks: Rc<CollectedTasks>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::on(Rc::default())
    }

    /// A new page on the same store.
    pub(crate) fn on(store: Rc<MemoryStore>) -> Self {
        Self::with(store, Rc::new(ManualClock::at(START_MS)), false)
    }

    /// A new page on the same store and machine, that keeps its session alive or does not.
    pub(crate) fn with(store: Rc<MemoryStore>, clock: Rc<ManualClock>, auto_refresh: bool) -> Self {
        let notices = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&notices);
        let note = move |notice: &Notice, _: &Client| noted.borrow_mut().push(notice.clone());
        Self::made(store, clock, auto_refresh, notices, note)
    }

    /// With an observer that gets the client too, to call back into it.
    pub(crate) fn observed(
        store: Rc<MemoryStore>,
        notices: Rc<RefCell<Vec<Notice>>>,
        observer: impl Fn(&Notice, &Client) + 'static,
    ) -> Self {
        Self::made(store, Rc::new(ManualClock::at(START_MS)), false, notices, observer)
    }

    fn made(
        store: Rc<MemoryStore>,
        clock: Rc<ManualClock>,
        auto_refresh: bool,
        notices: Rc<RefCell<Vec<Notice>>>,
        observer: impl Fn(&Notice, &Client) + 'static,
    ) -> Self {
        let config = ClientConfig { auto_refresh: Some(auto_refresh), ..ClientConfig::default() };
        Self::of(store, clock, config, None, notices, observer)
    }

    /// With keys, on a page of its own.
    pub(crate) fn with_keys(
        store: Rc<MemoryStore>,
        keys: Rc<dyn Keys>,
        binding: SessionBinding,
        auto_refresh: bool,
    ) -> Self {
        let notices = Rc::new(RefCell::new(Vec::new()));
        let noted = Rc::clone(&notices);
        let note = move |notice: &Notice, _: &Client| noted.borrow_mut().push(notice.clone());
        let config = ClientConfig {
            auto_refresh: Some(auto_refresh),
            session_binding: Some(binding),
            ..ClientConfig::default()
        };
        Self::of(store, Rc::new(ManualClock::at(START_MS)), config, Some(keys), notices, note)
    }

    fn of(
        store: Rc<MemoryStore>,
        clock: Rc<ManualClock>,
        config: ClientConfig,
        keys: Option<Rc<dyn Keys>>,
        notices: Rc<RefCell<Vec<Notice>>>,
        observer: impl Fn(&Notice, &Client) + 'static,
    ) -> Self {
        let transport = Rc::new(ScriptedTransport::default());
        let page = Rc::new(ManualPage::new(Rc::clone(&clock)));
        let tasks = Rc::new(CollectedTasks::default());
        let ports = Ports {
            transport: Rc::clone(&transport) as _,
            store: Rc::clone(&store) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::clone(&clock) as _,
            random: Rc::new(CountingRandom::default()),
            tasks: Rc::clone(&tasks) as _,
            page: Rc::clone(&page) as _,
            keys,
        };
        let config = ClientConfig {
            environment_id: ENVIRONMENT.to_owned(),
            api_base_url: API_BASE.to_owned(),
            ..config
        };
        let config = Config::new(&config).expect("valid");
        let shared: Rc<RefCell<Option<Client>>> = Rc::default();
        let seen = Rc::clone(&shared);
        let client = Client::new(config, ports, move |notice| {
            let client = seen.borrow().clone();
            observer(notice, &client.expect("set below"));
        });
        *shared.borrow_mut() = Some(client.clone());
        Self { client, transport, store, clock, page, notices, tasks }
    }

    /// A page on which somebody has signed in with [`crate::fixtures::session`].
    pub(crate) fn signed_in() -> Self {
        let bench = Self::new();
        bench.answer(200, &crate::fixtures::session().to_string());
        run(bench.client.sign_in_with_external_jwt(args(), None)).expect("signs in");
        bench.transport.requests.borrow_mut().clear();
        bench.notices.borrow_mut().clear();
        bench
    }

    /// A page that keeps its session alive, with somebody signed in.
    pub(crate) fn keeping() -> Self {
        let bench = Self::with(Rc::default(), Rc::new(ManualClock::at(START_MS)), true);
        bench.answer(200, &crate::fixtures::session().to_string());
        bench.sign_in().expect("signs in");
        bench.transport.requests.borrow_mut().clear();
        bench.notices.borrow_mut().clear();
        bench
    }

    /// Another tab of the same browser, which has started.
    pub(crate) fn tab(&self) -> Self {
        let tab = Self::with(Rc::clone(&self.store), Rc::clone(&self.clock), true);
        tab.client.start();
        tab
    }

    /// Lets time pass, and everything happen that is due meanwhile.
    pub(crate) fn advance(&self, milliseconds: i64) {
        let step = (milliseconds / 200).max(1);
        for _ in 0..milliseconds / step {
            self.clock.advance(step);
            self.run_tasks();
        }
        self.clock.advance(milliseconds % step);
        self.run_tasks();
    }

    /// Scripts the next answer.
    pub(crate) fn answer(&self, status: u16, body: &str) {
        self.gated(status, body).open();
    }

    /// Scripts the next answer, held back.
    pub(crate) fn gated(&self, status: u16, body: &str) -> Gate {
        self.script(Ok(Response { status, headers: vec![], body: body.to_owned() }))
    }

    pub(crate) fn script(&self, answer: Result<Response, TransportError>) -> Gate {
        let open = Rc::new(Cell::new(false));
        self.transport.answers.borrow_mut().push_back((Rc::clone(&open), answer));
        Gate(open)
    }

    pub(crate) fn unreachable(&self) {
        self.script(Err(TransportError::Unreachable("Failed to fetch".to_owned()))).open();
    }

    /// Runs what nobody waits for, as far as it comes.
    pub(crate) fn run_tasks(&self) {
        let mut pending = vec![];
        for _ in 0..4 {
            for mut task in self.tasks.0.take().into_iter().chain(std::mem::take(&mut pending)) {
                if task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
                    pending.push(task);
                }
            }
        }
        self.tasks.0.borrow_mut().extend(pending);
    }

    pub(crate) fn sign_in(&self) -> Result<UserProfile, ClientError> {
        run(self.client.sign_in_with_external_jwt(args(), None)).map(|user| profile(&user))
    }

    pub(crate) fn snapshot(&self) -> ClientSnapshot {
        ClientSnapshot::clone(&self.client.snapshot().value)
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        matches!(*self.client.snapshot().value, ClientSnapshot::SignedIn { .. })
    }

    /// The events so far, as short words, without those that come with every sign-in and renewal.
    pub(crate) fn events(&self) -> Vec<String> {
        let mut events = self.all_events();
        events.retain(|word| !["authInit", "tokenChanged"].contains(&&**word));
        events
    }

    /// The events so far, as short words.
    pub(crate) fn all_events(&self) -> Vec<String> {
        let notices = self.notices.borrow();
        notices
            .iter()
            .filter_map(|notice| if let Notice::Event(event) = notice { Some(word(event)) } else { None })
            .collect()
    }

    /// Method and URL of the requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        let requests = self.transport.requests.borrow();
        requests.iter().map(|request| format!("{:?} {}", request.method, request.url)).collect()
    }

    /// The `Authorization` header of a request.
    pub(crate) fn bearer(&self, request: usize) -> String {
        let requests = self.transport.requests.borrow();
        let header = requests[request].headers.iter().find(|(name, _)| *name == "authorization");
        header.expect("a bearer token").1.expose().to_owned()
    }

    /// The stored record.
    pub(crate) fn stored(&self) -> Option<String> {
        self.store.values.borrow().get(crate::fixtures::STORE_KEY).cloned()
    }
}

/// An event as a short word.
pub(crate) fn word(event: &ClientEvent) -> String {
    match event {
        ClientEvent::AuthSuccess { .. } => "authSuccess".to_owned(),
        ClientEvent::Logout { reason } => format!("logout:{reason:?}"),
        ClientEvent::AuthFailure { code, reason } => {
            format!("failed:{code}:{}", reason.as_deref().unwrap_or("-"))
        }
        ClientEvent::AuthInit => "authInit".to_owned(),
        ClientEvent::TokenChanged => "tokenChanged".to_owned(),
        ClientEvent::SessionExpiring { .. } => "expiring".to_owned(),
        ClientEvent::SessionRefreshFailed { code, .. } => format!("refreshFailed:{code}"),
        ClientEvent::UserChanged { .. } => "userChanged".to_owned(),
        ClientEvent::Warning { code, .. } => format!("warning:{code}"),
    }
}

/// A future that is polled by hand.
pub(crate) struct Polled<T>(LocalBoxFuture<'static, T>);

impl<T> Polled<T> {
    /// Starts it.
    pub(crate) fn start(future: impl Future<Output = T> + 'static) -> Self {
        let mut polled = Self(future.boxed_local());
        assert!(polled.poll().is_pending(), "answered before the gate opened");
        polled
    }

    pub(crate) fn poll(&mut self) -> Poll<T> {
        self.0.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    /// Ends it; by now nothing may hold it back.
    pub(crate) fn end(mut self) -> T {
        let Poll::Ready(value) = self.poll() else { panic!("still waiting") };
        value
    }
}

/// Runs a future that nothing holds back.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    for _ in 0..16 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
    panic!("waits for something that never comes")
}
