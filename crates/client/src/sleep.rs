//! Waiting, by the timer's port.

use crate::ports::{Alarm, Timer};
use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Ready once the time has passed. Dropping it gives the timer back.
pub(crate) struct Sleep {
    bell: Rc<Bell>,
    _alarm: Box<dyn Alarm>,
}

#[derive(Default)]
struct Bell {
    rung: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Sleep {
    pub(crate) fn new(timer: &dyn Timer, delay_ms: i64) -> Self {
        let bell = Rc::new(Bell::default());
        let ring = Rc::clone(&bell);
        let wake = move || {
            ring.rung.set(true);
            if let Some(waker) = ring.waker.take() {
                waker.wake();
            }
        };
        Self { _alarm: timer.wake_after(delay_ms, Box::new(wake)), bell }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.bell.rung.get() {
            return Poll::Ready(());
        }
        *self.bell.waker.borrow_mut() = Some(context.waker().clone());
        Poll::Pending
    }
}
