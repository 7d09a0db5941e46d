/*
 * A terminal made of OpenPACE's libeac: opens the chip by PACE and selects the eMRTD application under secure
 * messaging. It listens as the vpcd driver does and waits for the chip.
 *
 *   libeac_pace PORT can NUMBER
 *   libeac_pace PORT mrz INFORMATION      number, birth date and expiry, each with its check digit
 *
 * Ends with 0 when the application was selected.
 */
#include <arpa/inet.h>
#include <eac/eac.h>
#include <eac/pace.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

extern BUF_MEM *BUF_MEM_create_init(const void *data, size_t length);

static int chip;

static void fail(const char *what)
{
    fprintf(stderr, "libeac_pace: %s\n", what);
    exit(1);
}

static void exact(unsigned char *to, size_t length)
{
    while (length > 0) {
        ssize_t got = read(chip, to, length);
        if (got <= 0)
            fail("the chip went away");
        to += got;
        length -= (size_t)got;
    }
}

static void put(const unsigned char *message, size_t length)
{
    unsigned char bytes[2 + 512];
    bytes[0] = (unsigned char)(length >> 8);
    bytes[1] = (unsigned char)length;
    memcpy(bytes + 2, message, length);
    if (write(chip, bytes, length + 2) != (ssize_t)(length + 2))
        fail("the chip does not listen");
}

/* Sends a command and gives the length of the answer, which must end with 9000. */
static size_t transmit(const unsigned char *command, size_t length, unsigned char *answer)
{
    unsigned char head[2];
    size_t total;
    put(command, length);
    exact(head, 2);
    total = (size_t)head[0] << 8 | head[1];
    if (total < 2 || total > 4096)
        fail("an answer of a strange length");
    exact(answer, total);
    if (answer[total - 2] != 0x90 || answer[total - 1] != 0x00) {
        fprintf(stderr, "status %02X%02X\n", answer[total - 2], answer[total - 1]);
        fail("the chip refuses");
    }
    return total - 2;
}

static size_t put_header(unsigned char *to, unsigned char tag, size_t length)
{
    to[0] = tag;
    if (length < 0x80) {
        to[1] = (unsigned char)length;
        return 2;
    }
    to[1] = 0x81;
    to[2] = (unsigned char)length;
    return 3;
}

/* One GENERAL AUTHENTICATE: 7C { tag data }, or an empty 7C; gives the value inside the answer's 7C. */
static BUF_MEM *authenticate(int more, unsigned char tag, const BUF_MEM *data)
{
    unsigned char inner[300], command[320], answer[4096];
    size_t inside = 0, at = 5, length;
    const unsigned char *p = answer;
    if (data) {
        inside = put_header(inner, tag, data->length);
        memcpy(inner + inside, data->data, data->length);
        inside += data->length;
    }
    command[0] = more ? 0x10 : 0x00;
    command[1] = 0x86;
    command[2] = command[3] = 0x00;
    at += put_header(command + at, 0x7C, inside);
    memcpy(command + at, inner, inside);
    at += inside;
    command[4] = (unsigned char)(at - 5);
    command[at++] = 0x00;
    transmit(command, at, answer);
    for (int level = 0; level < 2; level++) {
        p++;
        length = *p++;
        if (length == 0x81)
            length = *p++;
    }
    return BUF_MEM_create_init(p, length);
}

static void need(int good, const char *what)
{
    if (!good)
        fail(what);
}

static void wait_for_chip(int port)
{
    struct sockaddr_in place = {0};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    const unsigned char power_on = 1;
    place.sin_family = AF_INET;
    place.sin_port = htons((unsigned short)port);
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    need(bind(listener, (struct sockaddr *)&place, sizeof place) == 0, "bind");
    need(listen(listener, 1) == 0, "listen");
    chip = accept(listener, NULL, NULL);
    need(chip >= 0, "accept");
    put(&power_on, 1);
}

int main(int argc, char **argv)
{
    static const unsigned char select_mf[] = {0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00};
    static const unsigned char read_access[] = {0x00, 0xB0, 0x9C, 0x00, 0x00};
    static const unsigned char aid[] = {0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01};
    unsigned char answer[4096], command[256], digest[20];
    size_t length, at = 0;
    PACE_SEC *secret;
    EAC_CTX *pace;

    if (argc != 4)
        fail("PORT can|mrz SECRET");
    wait_for_chip(atoi(argv[1]));
    EAC_init();
    transmit(select_mf, sizeof select_mf, answer);
    length = transmit(read_access, sizeof read_access, answer);
    pace = EAC_CTX_new();
    need(EAC_CTX_init_ef_cardaccess(answer, length, pace) && pace->pace_ctx, "EF.CardAccess");

    if (strcmp(argv[2], "can") == 0) {
        secret = PACE_SEC_new(argv[3], strlen(argv[3]), PACE_CAN);
    } else {
        SHA1((const unsigned char *)argv[3], strlen(argv[3]), digest);
        secret = PACE_SEC_new((const char *)digest, sizeof digest, PACE_RAW);
    }
    need(secret != NULL, "the password");

    /* MSE:Set AT with the protocol that libeac took from EF.CardAccess; its domain parameters follow from order. */
    {
        ASN1_OBJECT *oid = OBJ_nid2obj(pace->pace_ctx->protocol);
        size_t oid_bytes = OBJ_length(oid);
        const unsigned char head[] = {0x00, 0x22, 0xC1, 0xA4};
        memcpy(command, head, 4);
        at = 5;
        command[at++] = 0x80;
        command[at++] = (unsigned char)oid_bytes;
        memcpy(command + at, OBJ_get0_data(oid), oid_bytes);
        at += oid_bytes;
        command[at++] = 0x83;
        command[at++] = 0x01;
        command[at++] = strcmp(argv[2], "can") == 0 ? 0x02 : 0x01;
        command[4] = (unsigned char)(at - 5);
        transmit(command, at, answer);
    }

    need(PACE_STEP2_dec_nonce(pace, secret, authenticate(1, 0, NULL)), "the nonce");
    need(PACE_STEP3A_map_generator(
             pace, authenticate(1, 0x81, PACE_STEP3A_generate_mapping_data(pace))),
         "the mapping");
    {
        BUF_MEM *peer = authenticate(1, 0x83, PACE_STEP3B_generate_ephemeral_key(pace));
        need(PACE_STEP3B_compute_shared_secret(pace, peer), "the agreement");
        need(PACE_STEP3C_derive_keys(pace), "the keys");
        BUF_MEM *token = authenticate(0, 0x85, PACE_STEP3D_compute_authentication_token(pace, peer));
        need(PACE_STEP3D_verify_authentication_token(pace, token) == 1, "the token of the chip");
    }

    /* SELECT of the application under secure messaging. */
    need(EAC_CTX_set_encryption_ctx(pace, EAC_ID_PACE), "the channel");
    EAC_increment_ssc(pace);
    {
        BUF_MEM *cipher = EAC_encrypt(pace, EAC_add_iso_pad(pace, BUF_MEM_create_init(aid, sizeof aid)));
        int block = EVP_CIPHER_block_size(pace->key_ctx->cipher);
        unsigned char input[128] = {0x0C, 0xA4, 0x04, 0x0C, 0x80};
        size_t n = (size_t)block, objects = n;
        BUF_MEM *mac;
        input[n++] = 0x87;
        input[n++] = (unsigned char)(1 + cipher->length);
        input[n++] = 0x01;
        memcpy(input + n, cipher->data, cipher->length);
        n += cipher->length;
        mac = EAC_authenticate(pace, EAC_add_iso_pad(pace, BUF_MEM_create_init(input, n)));
        memcpy(command, input, 4);
        at = 5;
        memcpy(command + at, input + objects, n - objects);
        at += n - objects;
        command[at++] = 0x8E;
        command[at++] = 0x08;
        memcpy(command + at, mac->data, 8);
        at += 8;
        command[4] = (unsigned char)(at - 5);
        command[at++] = 0x00;
    }
    length = transmit(command, at, answer);
    need(length == 14, "the answer under secure messaging");
    EAC_increment_ssc(pace);
    need(EAC_verify_authentication(pace, EAC_add_iso_pad(pace, BUF_MEM_create_init(answer, 4)),
                                   BUF_MEM_create_init(answer + 6, 8)) == 1,
         "the checksum of the chip");
    printf("opened by PACE (%s), application selected\n", OBJ_nid2sn(pace->pace_ctx->protocol));
    return 0;
}
