//! A changed profile and a refresh that cross each other, in every order that the store can see.

use super::common::{Answer, CountingStore, Held, TestApp, Token};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use byoa_server::exchange::environments::EnvironmentSettings;
use serde_json::json;
use std::sync::Arc;

async fn start() -> (TestApp, Arc<CountingStore>) {
    let mut counting = None;
    let app = TestApp::over(EnvironmentSettings::default(), None, |store| {
        counting.insert(CountingStore::around(store)).clone()
    })
    .await;
    (app, counting.expect("the store was wrapped"))
}

async fn sign_in(app: &TestApp, subject: &str) -> String {
    token(&app.sign_in(&Token::good().claim("sub", subject).build()).await).expect("a token")
}

async fn change(app: &TestApp, token: &str) -> Answer {
    let request = Request::put(app.path("users"))
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "alias": "Ada" }).to_string()));
    app.call(request.expect("a request")).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.with_bearer(Method::POST, "refresh", token).await
}

fn token(answer: &Answer) -> Option<String> {
    let body = (answer.status == StatusCode::OK).then(|| answer.json())?;
    body["minifiedJwt"].as_str().map(str::to_owned)
}

/// Does `whole` at the moment when `held` is reached. Both answers, `whole`'s only where that ever was.
async fn cross(
    store: &CountingStore,
    held: Held,
    other: impl Future<Output = Answer>,
    whole: impl Future<Output = Answer>,
) -> (Answer, Option<Answer>) {
    let Held { reached, go } = held;
    let other = async {
        let answer = other.await;
        store.release();
        answer
    };
    let whole = async {
        reached.await.ok()?;
        let answer = whole.await;
        // Whoever was held may have been given up.
        let _ = go.send(());
        Some(answer)
    };
    tokio::join!(other, whole)
}

#[tokio::test]
async fn a_change_of_the_profile_never_leaves_the_client_with_a_replaced_token() {
    let (app, store) = start().await;
    let (mut refused, mut overtaken) = (0, 0);
    for passing in 0.. {
        let old = sign_in(&app, &format!("user-{passing}")).await;
        let held = store.hold_after(passing);
        let (changed, refreshed) = cross(&store, held, change(&app, &old), refresh(&app, &old)).await;
        let Some(refreshed) = refreshed else {
            assert_eq!(changed.status, StatusCode::OK, "nothing came in between");
            break;
        };
        let newest = token(&refreshed).expect("a refresh is never in the way of a change");
        // The client takes what comes, in the order in which it comes: the change's answer last.
        let kept = token(&changed).unwrap_or_else(|| newest.clone());
        assert_eq!(app.with_bearer(Method::GET, "session", &kept).await.status, 204, "after {passing}");
        let alias = app.with_bearer(Method::GET, "users", &kept).await.json().get("alias").cloned();
        if changed.status == StatusCode::OK {
            overtaken += 1;
            assert_eq!(alias, Some(json!("Ada")), "after {passing}");
        } else {
            refused += 1;
            assert_eq!((changed.status, alias), (StatusCode::UNAUTHORIZED, None), "after {passing}");
        }
    }
    assert!(refused > 0 && overtaken > 1, "{refused} refused, {overtaken} overtaken: both were tried");
}

#[tokio::test]
async fn a_refresh_that_a_change_overtakes_gives_the_newest_token() {
    let (app, store) = start().await;
    let mut overtaken = 0;
    for passing in 0.. {
        let old = sign_in(&app, &format!("user-{passing}")).await;
        let held = store.hold_after(passing);
        let (refreshed, changed) = cross(&store, held, refresh(&app, &old), change(&app, &old)).await;
        let newest = token(&refreshed).expect("a refresh is never in the way of a change");
        assert_eq!(app.with_bearer(Method::GET, "session", &newest).await.status, 204, "after {passing}");
        match changed {
            Some(changed) => overtaken += usize::from(changed.status == StatusCode::OK),
            None => break,
        }
    }
    assert!(overtaken > 0, "some change came in between");
}
