use super::page::*;
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
async fn requests_leave_without_cookies_cache_or_redirects() {
    let client = signed_in().await;
    let request = requests()[0].clone();
    let word = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (word("method"), word("url")),
        ("POST".to_owned(), format!("{API_BASE}/sdk/{ENVIRONMENT}/externalAuth/signin"))
    );
    assert_eq!(
        (word("credentials"), word("redirect"), word("cache")),
        ("omit".to_owned(), "manual".to_owned(), "no-store".to_owned())
    );
    assert!(word("body").starts_with(r#"{"jwt":"ey"#));
    let headers = request["headers"].as_object().expect("headers");
    let names: Vec<_> = headers.keys().map(String::as_str).collect();
    let expected = [
        "content-type",
        "x-dyn-api-version",
        "x-dyn-request-id",
        "x-dyn-session-id",
        "x-dyn-version",
        "x-dynamic-platform",
    ];
    assert_eq!(names, expected);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["x-dyn-request-id"].as_str().map(str::len), Some(50));

    answer(204, "");
    client.ask("logout", &[]).await.expect("never rejects");
    let request = requests()[1].clone();
    assert_eq!(request["headers"]["authorization"], "Bearer s1.mini.x");
    assert_eq!(request["headers"]["x-dyn-logout-reason"], "user-intent");
    assert_eq!(request["body"], "");
}

#[test]
async fn two_clients_have_ids_of_their_own() {
    let client = signed_in().await;
    answer(204, "");
    client.ask("logout", &[]).await.expect("never rejects");
    answer(200, &session("ada", "s1", 3600));
    JsClient::of(ENVIRONMENT).sign_in().await.expect("signs in");
    let ids: Vec<_> =
        (0..3).map(|index| requests()[index]["headers"]["x-dyn-session-id"].to_string()).collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[test]
async fn whatever_fetch_rejects_with_is_a_network_error() {
    let client = JsClient::new();
    let rejections = [
        "undefined",
        "null",
        "42",
        "'text'",
        "{}",
        "Symbol('s')",
        "{ get message() { throw 1; } }",
        "new DOMException('aborted', 'AbortError')",
        "Object.create(null)",
    ];
    for rejection in rejections {
        reject_with(&object(rejection));
        let error = client.sign_in().await.expect_err(rejection);
        assert_eq!(text(&error, "code"), "network_error", "{rejection}");
    }
    answer(200, &session("ada", "s1", 3600));
    client.sign_in().await.expect("the instance is alive");
}

#[test]
async fn a_fetch_that_is_not_what_it_should_be_is_survived() {
    let client = JsClient::new();
    let replacements = [
        "undefined",
        "5",
        "() => { throw 1; }",
        "() => { throw new Error('wrapped'); }",
        "() => Promise.resolve(undefined)",
        "() => Promise.resolve({ ok: true, status: 200 })",
        "() => Promise.resolve(Response.error())",
        "async () => { const r = new Response('{}'); r.text = () => Promise.reject(undefined); return r; }",
        "async () => { const r = new Response('{}'); r.text = () => { throw null; }; return r; }",
        "async () => { const r = new Response('{}'); r.text = async () => 5; return r; }",
        "async () => { const r = new Response('{}'); await r.text(); return r; }",
    ];
    for replacement in replacements {
        replace_fetch(&object(replacement));
        let error = client.sign_in().await.expect_err(replacement);
        let code = text(&error, "code");
        assert!(["network_error", "invalid_response"].contains(&code.as_str()), "{replacement}: {code}");
    }
    assert_eq!(client.status(), "signedOut");
}

#[test]
async fn a_redirect_is_not_followed_and_is_no_answer() {
    let client = JsClient::new();
    let redirects = [
        "new Response(null, { status: 302, headers: { location: 'https://elsewhere.example/' } })",
        "new Response(null, { status: 307 })",
        // As a browser hides one.
        "Object.defineProperty(new Response(null), 'status', { value: 0 })",
    ];
    for redirect in redirects {
        resolve_with(&object(redirect));
        let error = client.sign_in().await.expect_err(redirect);
        assert_eq!(text(&error, "code"), "network_error", "{redirect}");
    }
    assert_eq!(client.status(), "signedOut");
}

#[test]
async fn a_body_of_megabytes_is_not_taken_in() {
    let client = JsClient::new();
    answer(200, &"x".repeat(10 * 1024 * 1024));
    let error = client.sign_in().await.expect_err("far too large");
    assert_eq!(
        (text(&error, "code"), member(&error, "status").as_f64()),
        ("invalid_response".to_owned(), Some(200.0))
    );
    assert!(text(&error, "message").len() < 200);
    resolve_with(&object("new Response('{}', { headers: { 'content-length': '99999999' } })"));
    assert_eq!(text(&client.sign_in().await.expect_err("says it is too large"), "code"), "invalid_response");
}
