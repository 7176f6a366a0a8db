// The contract as the board sees it.  Written by tools/abi.ts from docs/abi.md; change that page instead.
#ifndef KW_ABI_H
#define KW_ABI_H

#define KW_ABI_VERSION 0x00010000u

#define KW_EVENT_KIND 0 // u8
#define KW_EVENT_STATUS 1 // i8
#define KW_EVENT_SIZE 2 // u16
#define KW_EVENT_LQI 4 // u8
#define KW_EVENT_RSSI 5 // i8
#define KW_EVENT_HANDLE 6 // u8
#define KW_EVENT_PENDING 7 // u8
#define KW_EVENT_TIME 8 // i64
#define KW_EVENT_HEAD 16

enum kw_event_kind {
    KW_EVENT_KIND_RADIO_RECEIVED = 1,
    KW_EVENT_KIND_RADIO_SENT = 2,
    KW_EVENT_KIND_MEASURED = 3,
    KW_EVENT_KIND_UPLINK = 4,
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
    KW_RECORD_TRUST_CENTRE = 22,
    KW_RECORD_BINDINGS = 23,
    KW_RECORD_REPORTING = 24,
    KW_RECORD_COMMISSIONING = 25,
    KW_RECORD_REGISTERS = 32,
    KW_RECORD_TARIFF = 33,
    KW_RECORD_CLOCK = 34,
    KW_RECORD_HOUSEHOLD = 35,
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
};

// X(id, name, wasm3 signature)
#define KW_IMPORTS(X) \
    X(1, next, "i(ii)") \
    X(2, radio_set, "i(iI)") \
    X(3, radio_send, "i(iii)") \
    X(4, store_read, "i(iii)") \
    X(5, store_write, "i(iii)") \
    X(6, key_set, "i(ii)") \
    X(7, key_clear, "i(i)") \
    X(8, ccm_seal, "i(iiiiii)") \
    X(9, ccm_open, "i(iiiiii)") \
    X(10, hash_mmo, "i(iii)") \
    X(11, hmac_mmo, "i(iiii)") \
    X(12, gf2_multiply, "i(iiii)") \
    X(13, entropy, "v(ii)") \
    X(14, sense, "i(ii)") \
    X(15, display, "i(iii)") \
    X(16, uplink_send, "i(ii)") \
    X(17, log, "v(iii)") \
    X(18, halt, "v(i)")

#define KW_IMPORT_COUNT 18

#endif
