// Cases about watches: every option, and what they tell.
#include "frame.h"

static kvStore *filled(World *w) {
    kvConfig config;
    kvConfig_Init(&config);
    config.History = 5;
    kvStore *kv = make_bucket(w, &config);
    if (kv == NULL)
        return NULL;
    kvStore_PutString(NULL, kv, "a", "1");
    kvStore_PutString(NULL, kv, "b.c", "2");
    kvStore_PutString(NULL, kv, "a", "3");
    kvStore_Delete(kv, "b.c");
    kvStore_PutString(NULL, kv, "b.d", "5");
    return kv;
}

// Checks what a watch tells next; `end` is the mark behind the initial entries.
static void tells(kvWatcher *watcher, const char **wanted) {
    char buffer[256];
    for (; *wanted != NULL; wanted++) {
        kvEntry *entry = NULL;
        OK(kvWatcher_Next(&entry, watcher, 20000));
        SAME(text(entry, buffer), *wanted);
        kvEntry_Destroy(entry);
    }
}

static void watch_with(World *w, const char *pattern, kvWatchOptions *options, const char **wanted) {
    kvStore *kv = filled(w);
    kvWatcher *watcher = NULL;
    const char *update[] = {"b.d=6@6", NULL}, *update_meta[] = {"b.d=@6", NULL};
    CHECK(kv != NULL);
    OK(pattern == NULL ? kvStore_WatchAll(&watcher, kv, options) : kvStore_Watch(&watcher, kv, pattern, options));
    tells(watcher, wanted);
    OK(kvStore_PutString(NULL, kv, "b.d", "6"));
    tells(watcher, options != NULL && options->MetaOnly ? update_meta : update);
    OK(kvWatcher_Stop(watcher));
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
}

static void all(World *w) {
    const char *wanted[] = {"a=3@3", "b.c!DEL@4", "b.d=5@5", "end", NULL};
    watch_with(w, NULL, NULL, wanted);
}

static void pattern(World *w) {
    const char *wanted[] = {"b.c!DEL@4", "b.d=5@5", "end", NULL};
    watch_with(w, "b.*", NULL, wanted);
}

static void with_history(World *w) {
    kvWatchOptions options;
    const char *wanted[] = {"a=1@1", "b.c=2@2", "a=3@3", "b.c!DEL@4", "b.d=5@5", "end", NULL};
    kvWatchOptions_Init(&options);
    options.IncludeHistory = true;
    watch_with(w, NULL, &options, wanted);
}

static void ignore_deletes(World *w) {
    kvWatchOptions options;
    const char *wanted[] = {"a=3@3", "b.d=5@5", "end", NULL};
    kvWatchOptions_Init(&options);
    options.IgnoreDeletes = true;
    watch_with(w, NULL, &options, wanted);
}

static void meta_only(World *w) {
    kvWatchOptions options;
    const char *wanted[] = {"a=@3", "b.c!DEL@4", "b.d=@5", "end", NULL};
    kvWatchOptions_Init(&options);
    options.MetaOnly = true;
    watch_with(w, NULL, &options, wanted);
}

static void nothing_there(World *w) {
    kvConfig config;
    kvWatcher *watcher = NULL;
    kvEntry *entry = NULL;
    const char *mark[] = {"end", NULL}, *wanted[] = {"x.y=2@2", "x.y!PURGE@3", NULL};
    kvConfig_Init(&config);
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    OK(kvStore_Watch(&watcher, kv, "x.>", NULL));
    tells(watcher, mark);
    STATUS(kvWatcher_Next(&entry, watcher, 50), NATS_TIMEOUT);
    OK(kvStore_PutString(NULL, kv, "y", "1"));
    OK(kvStore_PutString(NULL, kv, "x.y", "2"));
    OK(kvStore_Purge(kv, "x.y", NULL));
    // With a history of one the purge may have replaced the value before it was delivered; so both are written before one is read.
    OK(kvWatcher_Next(&entry, watcher, 20000));
    char buffer[256];
    if (strcmp(text(entry, buffer), wanted[0]) == 0) {
        kvEntry_Destroy(entry);
        OK(kvWatcher_Next(&entry, watcher, 20000));
    }
    SAME(text(entry, buffer), wanted[1]);
    kvEntry_Destroy(entry);
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
}

static void many_values(World *w) {
    kvConfig config;
    kvWatcher *watcher = NULL;
    char subject[128];
    static char value[8000];
    kvConfig_Init(&config);
    config.StorageType = js_MemoryStorage;
    kvStore *kv = make_bucket(w, &config);
    CHECK(kv != NULL);
    for (int at = 0; at < 1000; at++) {
        snprintf(subject, sizeof(subject), "$KV.%s.k%d", kvStore_Bucket(kv), at);
        OK(js_PublishAsync(w->js, subject, value, sizeof(value), NULL));
    }
    OK(js_PublishAsyncComplete(w->js, NULL));
    OK(kvStore_WatchAll(&watcher, kv, NULL));
    for (int at = 0; at < 1000; at++) {
        kvEntry *entry = NULL;
        OK(kvWatcher_Next(&entry, watcher, 20000));
        EQUAL(kvEntry_Revision(entry), at + 1);
        EQUAL(kvEntry_Delta(entry), 999 - at);
        kvEntry_Destroy(entry);
    }
    kvWatcher_Destroy(watcher);
    kvStore_Destroy(kv);
}

void add_watches(void) {
    add("watch/all", all);
    add("watch/pattern", pattern);
    add("watch/history", with_history);
    add("watch/ignore-deletes", ignore_deletes);
    add("watch/meta-only", meta_only);
    add("watch/nothing-there", nothing_there);
    add("watch/many-values", many_values);
}
