//! The edge in a real browser: what natively tested code cannot show.

#![cfg(target_arch = "wasm32")]

mod web {
    pub(crate) mod page;

    mod concurrency;
    mod errors;
    mod host;
    mod listeners;
    mod storage;
    mod surface;
    mod time;
    mod transport;
}

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
