//! What holds whatever happens: tabs come, freeze, thaw and die, answers are lost on either way, clocks are
//! stepped by a day, locks are stolen or never given back. The world checks after every step that
//! - a sign-out never loses to a late write,
//! - no expired token is sent to anything but a refresh or a sign-out,
//! - nobody is signed out without a sign-out, a refusal, or the end of the session.

use crate::{
    fixtures::{STORE_KEY, args},
    world::{TOKEN_MS, World},
};
use byoa_client::ports::Wake;

const DAY_MS: i64 = 86_400_000;

/// One thing that happens in a world.
fn happen(world: &mut World) {
    let dice = std::rc::Rc::clone(&world.dice);
    let tab = usize::try_from(dice.below(world.tabs.len().max(1) as u64)).expect("small");
    match dice.below(24) {
        0 if world.tabs.len() < 4 => world.open_tab(),
        1 if world.tabs.len() > 1 => world.kill_tab(tab),
        2 => world.tabs[tab].frozen = true,
        3 | 4 => {
            world.tabs[tab].frozen = false;
            world.tabs[tab].wake(Wake::Page);
        }
        5 => world.step_clock(if dice.below(2) == 0 { DAY_MS } else { -DAY_MS }),
        6 => world.meddle_with_the_lock(),
        7 => {
            let visible = dice.below(2) == 0;
            world.tabs[tab].visible.set(visible);
            world.tabs[tab].wake(Wake::Page);
        }
        8 => world.tabs[tab].wake(Wake::Online),
        9 => sign_out(world, tab),
        10 | 11 => sign_in(world, tab),
        12 | 13 => {
            if !world.tabs[tab].frozen {
                let asked = world.tabs[tab].client.refresh_user(None);
                world.tabs[tab].ask(asked);
            }
        }
        14 => world.advance(i64::try_from(dice.below(3_600_000)).expect("small")),
        15 | 16 => world.advance(i64::try_from(dice.below(200_000)).expect("small")),
        _ => world.network(),
    }
    world.settle();
}

fn sign_in(world: &mut World, tab: usize) {
    if world.tabs[tab].session().is_none() && !world.tabs[tab].frozen {
        // The external JWT's time is not what this is about.
        let mut args = args();
        args.external_jwt = Some(crate::fixtures::external_jwt(
            &serde_json::json!({"sub": crate::fixtures::SUBJECT, "exp": 4_000_000_000_i64}),
        ));
        let asked = world.tabs[tab].client.sign_in_with_external_jwt(args, None);
        world.tabs[tab].ask(asked);
    }
}

/// Signs out, and has another tab's write come late: what was stored before is stored again.
fn sign_out(world: &mut World, tab: usize) {
    let Some(session) = world.tabs[tab].session().filter(|_| !world.tabs[tab].frozen) else {
        return;
    };
    // Another tab may have signed in meanwhile: then that is what the app signs out of.
    world.tabs[tab].wake(Wake::Changed);
    let now = world.tabs[tab].session().unwrap_or(session);
    let before = world.store.values.borrow().get(STORE_KEY).cloned();
    let asked = world.tabs[tab].client.logout();
    world.tabs[tab].ask(asked);
    world.signed_out.insert(now);
    if let (0, Some(before)) = (world.dice.below(2), before) {
        world.store.values.borrow_mut().insert(STORE_KEY.to_owned(), before);
        // Which a new tab may be the first to see.
        if world.tabs.len() < 4 {
            world.open_tab();
        }
    }
}

/// `BYOA_WORLD=17` runs one, as a failure names it; `BYOA_WORLDS=5000` runs many.
fn worlds(usual: u64) -> std::ops::RangeInclusive<u64> {
    let number = |name| std::env::var(name).ok().and_then(|count| count.parse().ok());
    match number("BYOA_WORLD") {
        Some(seed) => seed..=seed,
        None => 1..=number("BYOA_WORLDS").unwrap_or(usual),
    }
}

#[test]
fn whatever_happens_to_tabs_clocks_and_answers_the_promises_hold() {
    for seed in worlds(60) {
        let mut world = World::new(seed);
        world.open_tab();
        sign_in(&mut world, 0);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..120 {
                happen(&mut world);
            }
            // In the end all tabs agree.
            for tab in &mut world.tabs {
                tab.frozen = false;
            }
            world.deliver_all();
            for tab in &world.tabs {
                tab.wake(Wake::Page);
            }
            world.settle();
            let sessions: std::collections::BTreeSet<_> =
                world.tabs.iter().map(crate::world::Tab::session).collect();
            assert!(sessions.len() <= 1, "tabs disagree: {sessions:?}");
        }));
        if let Err(cause) = outcome {
            eprintln!("in world {seed}");
            std::panic::resume_unwind(cause);
        }
    }
}

/// With honest clocks and a network that delivers, however many tabs there are and whoever has the lock.
#[test]
fn a_token_is_replaced_once_in_its_life() {
    for seed in worlds(5) {
        let mut world = World::new(seed);
        world.lossy = false;
        world.open_tab();
        sign_in(&mut world, 0);
        world.settle();
        world.deliver_all();
        for _ in 0..4 {
            world.open_tab();
        }
        for _ in 0..200 {
            let dice = std::rc::Rc::clone(&world.dice);
            let tab = usize::try_from(dice.below(5)).expect("small");
            match dice.below(5) {
                0 => world.tabs[tab].frozen = tab > 0,
                1 => world.tabs[tab].frozen = false,
                2 => world.meddle_with_the_lock(),
                3 => world.tabs[tab].visible.set(dice.below(2) == 0),
                _ => {}
            }
            for tab in &world.tabs {
                tab.wake(Wake::Page);
            }
            for _ in 0..4 {
                world.advance(5000);
                world.deliver_all();
            }
        }
        let lives = u64::try_from(world.passed_ms * 4 / 3 / TOKEN_MS).expect("positive") + 1;
        let rotations = world.server.rotations.get();
        assert!(rotations > 0 && rotations <= lives, "world {seed}: {rotations} in {lives} lives");
        assert!(world.server.reused.borrow().is_empty(), "world {seed}");
        assert!(world.tabs[0].session().is_some(), "world {seed}");
    }
}
