#include "frame.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CASES_MAX 128

void add_buckets(void);
void add_values(void);
void add_watches(void);
void add_streams(void);
void add_reconnects(void);

static struct {
    const char *name;
    Run run;
} cases[CASES_MAX];
static int count;
static char reason[1024];
static const char *server, *door;

void add(const char *name, Run run) {
    if (count == CASES_MAX) {
        fprintf(stderr, "too many cases\n");
        exit(2);
    }
    cases[count].name = name;
    cases[count++].run = run;
}

void fail(int line, const char *format, ...) {
    if (reason[0] != '\0')
        return;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(reason, sizeof(reason) - 32, format, arguments);
    va_end(arguments);
    if (length > (int) sizeof(reason) - 33)
        length = sizeof(reason) - 33;
    snprintf(reason + length, 32, " (line %d)", line);
    for (char *at = reason; *at != '\0'; at++)
        if (isspace((unsigned char) *at))
            *at = ' ';
}

static bool open_connection(const char *url, natsConnection **connection, jsCtx **js) {
    natsOptions *options = NULL;
    jsOptions settings;
    natsStatus status = natsOptions_Create(&options);
    if (status == NATS_OK)
        status = natsOptions_SetURL(options, url);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectWait(options, 50);
    if (status == NATS_OK)
        status = natsOptions_SetReconnectJitter(options, 0, 0);
    if (status == NATS_OK)
        status = natsOptions_SetMaxReconnect(options, -1);
    if (status == NATS_OK)
        status = natsConnection_Connect(connection, options);
    natsOptions_Destroy(options);
    jsOptions_Init(&settings);
    settings.Wait = 20000;
    if (status == NATS_OK)
        status = natsConnection_JetStream(js, *connection, &settings);
    if (status != NATS_OK)
        fail(__LINE__, "cannot connect to %s: %s", url, natsStatus_GetText(status));
    return status == NATS_OK;
}

bool far_away(natsConnection **connection, jsCtx **js) { return open_connection(door, connection, js); }

void order(const char *word) {
    char host[64] = "", sink[1024], line[16];
    unsigned short port = 0;
    if (sscanf(door, "nats://%63[^:]:%hu", host, &port) != 2) {
        fail(__LINE__, "the door is no address");
        return;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    int conn = socket(AF_INET, SOCK_STREAM, 0);
    int length = snprintf(line, sizeof(line), "%s\n", word);
    if (connect(conn, (struct sockaddr *) &address, sizeof(address)) != 0 || write(conn, line, (size_t) length) != length)
        fail(__LINE__, "the door does not listen");
    while (read(conn, sink, sizeof(sink)) > 0) {
    }
    close(conn);
}

void back(natsConnection *connection) {
    EVENTUALLY(natsConnection_Status(connection) == NATS_CONN_STATUS_CONNECTED &&
               natsConnection_FlushTimeout(connection, 1000) == NATS_OK);
}

const char *fresh_name(char *buffer) {
    static int number;
    snprintf(buffer, 64, "b_%d_%d", (int) getpid(), ++number);
    return buffer;
}

kvStore *make_bucket(World *world, kvConfig *config) {
    char name[64];
    kvStore *kv = NULL;
    if (config->Bucket == NULL)
        config->Bucket = fresh_name(name);
    natsStatus status = js_CreateKeyValue(&kv, world->js, config);
    if (status != NATS_OK)
        fail(__LINE__, "no bucket: %s (%s)", natsStatus_GetText(status), nats_GetLastError(NULL));
    return kv;
}

const char *text(kvEntry *entry, char *buffer) {
    if (entry == NULL)
        return "end";
    const char *key = kvEntry_Key(entry);
    int size = kvEntry_ValueLen(entry);
    const char *value = size > 0 ? kvEntry_Value(entry) : "";
    unsigned long long revision = kvEntry_Revision(entry);
    switch (kvEntry_Operation(entry)) {
        case kvOp_Delete:
            snprintf(buffer, 256, "%s!DEL@%llu", key, revision);
            break;
        case kvOp_Purge:
            snprintf(buffer, 256, "%s!PURGE@%llu", key, revision);
            break;
        default:
            snprintf(buffer, 256, "%s=%.*s@%llu", key, size, value, revision);
    }
    return buffer;
}

long long values(kvStore *kv) {
    kvStatus *status = NULL;
    if (kvStore_Status(&status, kv) != NATS_OK)
        return -1;
    long long found = (long long) kvStatus_Values(status);
    kvStatus_Destroy(status);
    return found;
}

static bool run_one(int at) {
    World world = {NULL, NULL};
    reason[0] = '\0';
    if (open_connection(server, &world.connection, &world.js))
        cases[at].run(&world);
    jsCtx_Destroy(world.js);
    natsConnection_Destroy(world.connection);
    if (reason[0] == '\0')
        printf("ok %s\n", cases[at].name);
    else
        printf("FAIL %s: %s\n", cases[at].name, reason);
    fflush(stdout);
    return reason[0] == '\0';
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: suite SERVER DOOR [PART]\n");
        return 2;
    }
    server = argv[1];
    door = argv[2];
    add_buckets();
    add_values();
    add_watches();
    add_streams();
    add_reconnects();
    int well = 0, failed = 0;
    for (int at = 0; at < count; at++)
        if (argc == 3 || strstr(cases[at].name, argv[3]) != NULL)
            *(run_one(at) ? &well : &failed) += 1;
    printf("done: %d ok, %d failed\n", well, failed);
    nats_Close();
    return failed > 0;
}
