//! The page and its tabs, as the host object has them. Without one, nothing is heard and no lock is had.

use super::host::{Host, PageHost};
use async_trait::async_trait;
use byoa_client::ports::{Alarm, Page, Wake};
use js_sys::Function;
use wasm_bindgen::{JsCast, closure::Closure, prelude::JsValue};
use wasm_bindgen_futures::JsFuture;

/// The host object's `page`.
#[derive(Debug)]
pub(crate) struct HostPage(Option<PageHost>);

impl HostPage {
    pub(crate) fn of(host: &Host) -> Self {
        Self(host.page().dyn_into::<js_sys::Object>().ok().map(JsCast::unchecked_into))
    }
}

#[async_trait(?Send)]
impl Page for HostPage {
    fn is_visible(&self) -> bool {
        self.0.as_ref().is_none_or(PageHost::is_visible)
    }

    fn watch(&self, wake: Box<dyn Fn(Wake)>) -> Box<dyn Alarm> {
        let heard = Closure::<dyn Fn(u8)>::new(move |what| {
            wake(match what {
                0 => Wake::Changed,
                1 => Wake::Page,
                _ => Wake::Online,
            });
        });
        let listener: &Function = heard.as_ref().unchecked_ref();
        let end = self.0.as_ref().map(|page| page.watch(listener));
        Box::new(Ending { end, _heard: Some(heard) })
    }

    async fn lock(&self, name: &str, wait_ms: i64) -> Box<dyn Alarm> {
        let wait_ms = i32::try_from(wait_ms).unwrap_or(i32::MAX);
        let end = match &self.0 {
            Some(page) => {
                JsFuture::from(page.lock(name, wait_ms)).await.ok().and_then(|end| end.dyn_into().ok())
            }
            None => None,
        };
        Box::new(Ending { end, _heard: None })
    }
}

/// A function that ends something, called on drop.
struct Ending {
    end: Option<Function>,
    _heard: Option<Closure<dyn Fn(u8)>>,
}

impl Alarm for Ending {}

impl Drop for Ending {
    fn drop(&mut self) {
        // What it throws has nowhere to go.
        let _ = self.end.as_ref().map(|end| end.call0(&JsValue::UNDEFINED));
    }
}
