// The settings of wasm3, for every unit that sees its headers.  The build includes this file before anything else (-include).
// Measured on the Cortex-M4: shared notes on wasm3, "Flags that worked best".
#ifndef KW_WASM3_CONFIG_H
#define KW_WASM3_CONFIG_H

#define d_m3HasFloat 0
#define d_m3NoFloatDynamic 0
#define d_m3VerboseErrorMessages 0
#define d_m3HasRefTypes 0
#define d_m3HasExtendedConst 0
#define d_m3HasCompactImports 0
#define d_m3LogOutput 0
#define d_m3Use32BitSlots 1
#define d_m3CascadedOpcodes 0
#define d_m3EnableValidation 1 // of numbers and names in the parser
#define d_m3MaxFunctionStackHeight 256
#define d_m3CodePageAlignSize 1024
#define d_m3MaxDuplicateFunctionImpl 1 // names a function keeps; nobody reads more than the last
#define d_m3FixedHeap 0

// Native stack that wasm calls may take, 83 octets a call on the board.  A PC's frames are larger, those of a sanitised build more so.
#ifndef d_m3MaxNativeStack
#ifdef __arm__
#define d_m3MaxNativeStack 2560
#else
#define d_m3MaxNativeStack 262144
#endif
#endif

#endif
