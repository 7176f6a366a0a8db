// The contract as the board sees it.  Written by tools/abi.ts from docs/abi.md; change that page instead.
#ifndef KW_ABI_H
#define KW_ABI_H

#define KW_ABI_VERSION 0x00020001u

#define KW_EVENT_KIND 0 // u8
#define KW_EVENT_STATUS 1 // i8
#define KW_EVENT_SIZE 2 // u16
#define KW_EVENT_INTERFACE 4 // u8
#define KW_EVENT_RSSI 5 // i8
#define KW_EVENT_LQI 6 // u8
#define KW_EVENT_HANDLE 6 // u8
#define KW_EVENT_PENDING 7 // u8
#define KW_EVENT_TIME 8 // i64
#define KW_EVENT_HEAD 16

#define KW_IMAGE_STATUS 0 // u8
#define KW_IMAGE_REASON 1 // u8
#define KW_IMAGE_MANUFACTURER 2 // u16
#define KW_IMAGE_TYPE 4 // u16
#define KW_IMAGE_HARDWARE 6 // u16
#define KW_IMAGE_VERSION 8 // u32
#define KW_IMAGE_SIZE 12 // u32
#define KW_IMAGE_OFFSET 16 // u32
#define KW_IMAGE_RUNNING 20 // u32
#define KW_IMAGE_FLAGS 24 // u8
#define KW_IMAGE_TRIES 25 // u8
#define KW_IMAGE_DETAIL 26 // u16
#define KW_IMAGE_ROLE 28 // u8
#define KW_IMAGE_FILES 29 // u8
#define KW_IMAGE_PHASE 30 // u8
#define KW_IMAGE_RESERVED 31 // u8
#define KW_IMAGE_NOT_BEFORE 32 // u32
#define KW_IMAGE_CAPACITY 36 // u32
#define KW_IMAGE_COUNTER 40 // u32
#define KW_IMAGE_EPOCH 44 // u32
#define KW_IMAGE_STATE 48

#define KW_TLS_FLAGS 0 // u16
#define KW_TLS_STATUS 2 // i8
#define KW_TLS_SENT 3 // u8
#define KW_TLS_RECEIVED 4 // u8
#define KW_TLS_SUITE 6 // u16
#define KW_TLS_LFDI 8 // 20 octets
#define KW_TLS_STATE 28

enum kw_event_kind {
    KW_EVENT_KIND_RADIO_RECEIVED = 1,
    KW_EVENT_KIND_RADIO_SENT = 2,
    KW_EVENT_KIND_MEASURED = 3,
    KW_EVENT_KIND_UPLINK = 4,
    KW_EVENT_KIND_LINK_RECEIVED = 5,
};

enum kw_radio_parameter {
    KW_RADIO_PARAMETER_CHANNEL = 1,
    KW_RADIO_PARAMETER_PAN_ID = 2,
    KW_RADIO_PARAMETER_SHORT_ADDRESS = 3,
    KW_RADIO_PARAMETER_EXTENDED_ADDRESS = 4,
    KW_RADIO_PARAMETER_RECEIVE = 5,
    KW_RADIO_PARAMETER_PENDING_SHORT = 6,
    KW_RADIO_PARAMETER_PENDING_EXTENDED = 7,
    KW_RADIO_PARAMETER_NOT_PENDING_SHORT = 8,
    KW_RADIO_PARAMETER_NOT_PENDING_EXTENDED = 9,
    KW_RADIO_PARAMETER_PENDING_NONE = 10,
};

enum kw_reset_reason {
    KW_RESET_REASON_POWER_ON = 0,
    KW_RESET_REASON_WATCHDOG = 1,
    KW_RESET_REASON_TRAP = 2,
    KW_RESET_REASON_HALT = 3,
};

enum kw_tls_profile {
    KW_TLS_PROFILE_CLIENT = 0,
    KW_TLS_PROFILE_SERVER = 1,
    KW_TLS_PROFILE_EAP_CLIENT = 2,
    KW_TLS_PROFILE_EAP_SERVER = 3,
};

enum kw_tls_flag {
    KW_TLS_FLAG_ESTABLISHED = 0,
    KW_TLS_FLAG_ENDED = 1,
    KW_TLS_FLAG_PEER_CLOSED = 2,
    KW_TLS_FLAG_FAILED = 3,
    KW_TLS_FLAG_FEED = 4,
    KW_TLS_FLAG_DRAIN = 5,
    KW_TLS_FLAG_READ = 6,
    KW_TLS_FLAG_WRITE = 7,
};

enum kw_tls_close {
    KW_TLS_CLOSE_BEGIN = 0,
    KW_TLS_CLOSE_FREE = 1,
};

enum kw_key_name {
    KW_KEY_NAME_SLOT = 0,
    KW_KEY_NAME_PAIR = 128,
    KW_KEY_NAME_SECRET = 256,
};

enum kw_quantity {
    KW_QUANTITY_ELECTRICITY_IMPORT = 1,
};

enum kw_record {
    KW_RECORD_ADDRESS = 1,
    KW_RECORD_INSTALL_CODE = 2,
    KW_RECORD_IDENTITY_SUITE1 = 3,
    KW_RECORD_IDENTITY_SUITE2 = 4,
    KW_RECORD_MAC = 16,
    KW_RECORD_NETWORK = 17,
    KW_RECORD_NETWORK_COUNTER = 18,
    KW_RECORD_LINK_COUNTER = 19,
    KW_RECORD_NETWORK_KEY = 20,
    KW_RECORD_KEYS = 21,
    KW_RECORD_BINDINGS = 23,
    KW_RECORD_REPORTING = 24,
    KW_RECORD_COMMISSIONING = 25,
    KW_RECORD_UPGRADE = 26,
    KW_RECORD_LIBRARY = 27,
    KW_RECORD_TRUST_CENTRE = 28,
    KW_RECORD_REGISTERS = 32,
    KW_RECORD_TARIFF = 33,
    KW_RECORD_CLOCK = 34,
    KW_RECORD_HOUSEHOLD = 35,
    KW_RECORD_IP_KEYS = 48,
    KW_RECORD_IP_MAC_COUNTER = 49,
    KW_RECORD_IP_MLE_COUNTER = 50,
    KW_RECORD_AGENT_KEYS = 51,
    KW_RECORD_IP_NETWORK = 52,
    KW_RECORD_IP_OPENED = 53,
    KW_RECORD_IP_MEMBER = 54,
    KW_RECORD_MEMBERS = 56,
    KW_RECORD_MEMBERS_TOLD = 57,
};

enum kw_field {
    KW_FIELD_SECT163K1 = 1,
    KW_FIELD_SECT283K1 = 2,
};

enum kw_image_number {
    KW_IMAGE_NUMBER_MODULE = 0,
    KW_IMAGE_NUMBER_CERTIFICATE = 5,
};

enum kw_file_status {
    KW_FILE_STATUS_NONE = 0,
    KW_FILE_STATUS_LOADING = 1,
    KW_FILE_STATUS_FAILED = 2,
    KW_FILE_STATUS_VERIFYING = 3,
    KW_FILE_STATUS_SIGNATURE_FAILED = 4,
    KW_FILE_STATUS_WAITING = 5,
    KW_FILE_STATUS_ACTIVATION_FAILED = 6,
    KW_FILE_STATUS_ACTIVATING = 7,
    KW_FILE_STATUS_ACTIVATED = 8,
};

enum kw_image_reason {
    KW_IMAGE_REASON_NONE = 0,
    KW_IMAGE_REASON_IDENTIFIER = 1,
    KW_IMAGE_REASON_HEADER_VERSION = 2,
    KW_IMAGE_REASON_HEADER_LENGTH = 3,
    KW_IMAGE_REASON_MANUFACTURER = 4,
    KW_IMAGE_REASON_IMAGE_TYPE = 5,
    KW_IMAGE_REASON_FILE_VERSION = 6,
    KW_IMAGE_REASON_STACK_VERSION = 7,
    KW_IMAGE_REASON_TOTAL_SIZE = 8,
    KW_IMAGE_REASON_DESTINATION = 9,
    KW_IMAGE_REASON_HARDWARE = 10,
    KW_IMAGE_REASON_ELEMENT_ORDER = 11,
    KW_IMAGE_REASON_ELEMENT_LENGTH = 12,
    KW_IMAGE_REASON_ELEMENT_MISSING = 13,
    KW_IMAGE_REASON_ELEMENT_TWICE = 14,
    KW_IMAGE_REASON_SIGNATURES = 15,
    KW_IMAGE_REASON_RELEASE_KEY = 16,
    KW_IMAGE_REASON_ROOT_SIGNATURE = 17,
    KW_IMAGE_REASON_REVOKED = 18,
    KW_IMAGE_REASON_KEY_ID = 19,
    KW_IMAGE_REASON_MANIFEST = 20,
    KW_IMAGE_REASON_MANIFEST_SIGNATURE = 21,
    KW_IMAGE_REASON_VENDOR = 22,
    KW_IMAGE_REASON_CLASS = 23,
    KW_IMAGE_REASON_ROLE = 24,
    KW_IMAGE_REASON_PHASE = 25,
    KW_IMAGE_REASON_HOST_ABI = 26,
    KW_IMAGE_REASON_MEMORY = 27,
    KW_IMAGE_REASON_NATIVE = 28,
    KW_IMAGE_REASON_COUNTER = 29,
    KW_IMAGE_REASON_VERSION = 30,
    KW_IMAGE_REASON_SIZE = 31,
    KW_IMAGE_REASON_BASE = 32,
    KW_IMAGE_REASON_ENCODING = 33,
    KW_IMAGE_REASON_OVERFLOW = 34,
    KW_IMAGE_REASON_PAYLOAD_DIGEST = 35,
    KW_IMAGE_REASON_IMAGE_DIGEST = 36,
    KW_IMAGE_REASON_TRUNCATED = 37,
    KW_IMAGE_REASON_GATE = 38,
    KW_IMAGE_REASON_FLASH = 39,
    KW_IMAGE_REASON_CHANGED = 40,
    KW_IMAGE_REASON_ABORTED = 41,
    KW_IMAGE_REASON_NOT_CONFIRMED = 42,
    KW_IMAGE_REASON_UNHEALTHY = 43,
    KW_IMAGE_REASON_LOST = 44,
    KW_IMAGE_REASON_STOPPED = 45,
};

enum kw_role {
    KW_ROLE_HUB = 1,
    KW_ROLE_METER = 2,
    KW_ROLE_IHD = 3,
    KW_ROLE_REPEATER = 4,
};

enum kw_err {
    KW_OK = 0,
    KW_ERR_TRUNCATED = -1,
    KW_ERR_BAD_LENGTH = -2,
    KW_ERR_BAD_CHECKSUM = -3,
    KW_ERR_RESERVED = -4,
    KW_ERR_NO_BUFFER = -5,
    KW_ERR_BUSY = -6,
    KW_ERR_NOT_FOUND = -7,
    KW_ERR_BAD_MIC = -8,
    KW_ERR_NO_ACK = -9,
    KW_ERR_CHANNEL_BUSY = -10,
    KW_ERR_REPLAY = -11,
    KW_ERR_NO_KEY = -12,
    KW_ERR_TIMEOUT = -13,
    KW_ERR_BAD_STATE = -14,
    KW_ERR_REFUSED = -15,
    KW_ERR_BAD_POINT = -16,
    KW_ERR_DUPLICATE = -17,
};

enum kw_layer {
    KW_LAYER_NWK = 0,
    KW_LAYER_APS = 1,
    KW_LAYER_ZDO = 2,
    KW_LAYER_ZCL = 3,
    KW_LAYER_LINK = 4,
    KW_LAYER_IP = 5,
    KW_LAYER_CONTROL = 6,
    KW_LAYER_TRANSPORT = 7,
};

enum kw_drop {
    KW_DROP_MALFORMED = 0,
    KW_DROP_FOREIGN = 1,
    KW_DROP_UNSECURED = 2,
    KW_DROP_NO_KEY = 3,
    KW_DROP_BAD_MIC = 4,
    KW_DROP_REPLAYED = 5,
    KW_DROP_REPEATED = 6,
    KW_DROP_DUPLICATE = 7,
    KW_DROP_NO_BUFFER = 8,
    KW_DROP_NO_ROUTE = 9,
    KW_DROP_UNSENT = 10,
    KW_DROP_EXPIRED = 11,
    KW_DROP_REFUSED = 12,
    KW_DROP_EXHAUSTED = 13,
};

enum kw_log {
    KW_LOG_STARTED = 1,
    KW_LOG_JOINED = 2,
    KW_LOG_KEY = 3,
    KW_LOG_REGISTER = 4,
    KW_LOG_READING = 5,
    KW_LOG_FORMED = 6,
    KW_LOG_LEFT = 7,
    KW_LOG_REFUSED = 8,
    KW_LOG_ADMITTED = 9,
    KW_LOG_FAILED = 10,
    KW_LOG_BOUND = 11,
    KW_LOG_UPDATE = 12,
    KW_LOG_ROLLOUT = 13,
    KW_LOG_HEALTH = 14,
    KW_LOG_REACHABLE = 15,
    KW_LOG_ANSWER = 16,
    KW_LOG_CERTIFICATE = 17,
};

// X(id, name, wasm3 signature)
#define KW_IMPORTS(X) \
    X(1, next, "i(ii)") \
    X(2, radio_set, "i(iiI)") \
    X(3, radio_send, "i(iiii)") \
    X(4, store_read, "i(iii)") \
    X(5, store_write, "i(iii)") \
    X(6, key_set, "i(ii)") \
    X(7, key_clear, "i(i)") \
    X(8, ccm_seal, "i(iiiiii)") \
    X(9, ccm_open, "i(iiiiii)") \
    X(10, hash_mmo, "i(iii)") \
    X(11, hmac_mmo, "i(iiii)") \
    X(12, gf2_multiply, "i(iiiii)") \
    X(13, entropy, "v(ii)") \
    X(14, sense, "i(ii)") \
    X(15, display, "i(iii)") \
    X(16, uplink_send, "i(ii)") \
    X(17, log, "v(iii)") \
    X(18, halt, "v(i)") \
    X(19, image_begin, "i(ii)") \
    X(20, image_write, "i(iiii)") \
    X(21, image_read, "i(iiii)") \
    X(22, image_finish, "i(i)") \
    X(23, image_activate, "i(i)") \
    X(24, image_confirm, "i(i)") \
    X(25, image_state, "i(iii)") \
    X(26, constant_read, "i(iii)") \
    X(32, link_send, "i(iii)") \
    X(33, tls_open, "i(iI)") \
    X(34, tls_feed, "i(iii)") \
    X(35, tls_drain, "i(iii)") \
    X(36, tls_read, "i(iii)") \
    X(37, tls_write, "i(iii)") \
    X(38, tls_close, "i(ii)") \
    X(39, tls_state, "i(iii)") \
    X(40, tls_export, "i(ii)") \
    X(41, key_derive, "i(iiii)") \
    X(42, hmac_sha256, "i(iiii)") \
    X(43, ctr_crypt, "i(iiii)") \
    X(44, identity_make, "i()") \
    X(45, identity_request, "i(ii)") \
    X(46, identity_install, "i(ii)") \
    X(48, tls_reserve, "i(ii)")

#define KW_IMPORT_COUNT 42

#endif
