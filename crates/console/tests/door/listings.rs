use crate::harness::World;
use serde_json::Value;

fn names(answer: &Value, list: &str, field: &str) -> Vec<String> {
    answer[list].as_array().unwrap().iter().map(|each| each[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn keys_are_listed_by_page_and_filter() {
    let (world, kv) = World::with_bucket(|config| config.history(3)).await;
    for key in ["a", "b.c", "b.d", "e"] {
        kv.put(key, "1").await.unwrap();
    }
    kv.put("a", "2").await.unwrap();
    kv.delete("e").await.unwrap();
    let first = world.get("/v1/kv/app?limit=2").await.json();
    assert_eq!(names(&first, "keys", "key"), ["a", "b.c"]);
    assert_eq!(
        (first["keys"][0]["history"].as_u64(), first["keys"][0]["revision"].as_u64()),
        (Some(2), Some(5))
    );
    let next = first["next"].as_str().unwrap();
    let rest = world.get(&format!("/v1/kv/app?limit=2&after={next}")).await.json();
    assert_eq!(names(&rest, "keys", "key"), ["b.d"]);
    assert!(rest.get("next").is_none());
    assert_eq!(names(&world.get("/v1/kv/app?filter=b.*").await.json(), "keys", "key"), ["b.c", "b.d"]);
    let all = world.get("/v1/kv/app?deletes").await.json();
    assert_eq!(all["keys"][3]["operation"], "delete");
}

#[tokio::test]
async fn the_tree_shows_one_level_with_counts() {
    let (world, kv) = World::with_bucket(|config| config).await;
    for key in ["db.port", "web", "web.host", "web.tls.cert", "web.tls.key", "web-2.port", "web!x"] {
        // The last one is no key for this library; other clients may store it all the same.
        kv.put(key, "1").await.ok();
    }
    let top = world.get("/v1/tree/app?prefix=").await.json();
    assert_eq!(names(&top, "branches", "path"), ["db", "web", "web-2"]);
    assert_eq!(top["branches"][1]["below"], 3);
    assert_eq!(top["branches"][1]["key"]["key"], "web");
    assert!(top["branches"][0].get("key").is_none());
    let below = world.get("/v1/tree/app?prefix=web").await.json();
    assert_eq!(names(&below, "branches", "path"), ["web.host", "web.tls"]);
    assert_eq!(below["branches"][1]["below"], 2);
    let first = world.get("/v1/tree/app?limit=1").await.json();
    assert_eq!(names(&first, "branches", "token"), ["db"]);
    let second = world.get(&format!("/v1/tree/app?limit=1&after={}", first["next"].as_str().unwrap())).await;
    assert_eq!(names(&second.json(), "branches", "token"), ["web"]);
    world.get("/v1/tree/app?prefix=a..b").await.problem(400, "invalid");
    assert_eq!(
        names(&world.get("/v1/tree/app?prefix=nothing").await.json(), "branches", "token"),
        Vec::<String>::new()
    );
}
