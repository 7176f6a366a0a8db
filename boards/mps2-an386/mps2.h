// Registers of the Arm MPS2 board with the AN386 image (Cortex-M4), as QEMU's mps2-an386 has them.
// Sources: Arm DAI 0386 (memory map), Arm DDI 0479 (CMSDK peripherals), Arm DDI 0403 (system control space).
#ifndef KW_MPS2_H
#define KW_MPS2_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CLOCK_HZ 25000000u

// CMSDK APB timer 1: a free-running down counter at CLOCK_HZ.
#define TIMER1_CTRL REGISTER(0x40001000u)
#define TIMER1_VALUE REGISTER(0x40001004u)
#define TIMER1_RELOAD REGISTER(0x40001008u)

// CMSDK APB UART, relative to its base.
#define UART0_BASE 0x40004000u
#define UART1_BASE 0x40005000u
#define UART_DATA 0x00u
#define UART_STATE 0x04u
#define UART_CTRL 0x08u
#define UART_INTERRUPT 0x0cu
#define UART_BAUDDIV 0x10u
#define UART_STATE_TX_FULL 1u
#define UART_STATE_RX_FULL 2u
#define UART_CTRL_TX 1u
#define UART_CTRL_RX 2u
#define UART_CTRL_TX_INTERRUPT 4u
#define UART_CTRL_RX_INTERRUPT 8u
#define UART_INTERRUPT_TX 1u
#define UART_INTERRUPT_RX 2u

#define IRQ_UART0_RX 0u
#define IRQ_UART0_TX 1u
#define IRQ_UART1_RX 2u
#define IRQ_UART1_TX 3u
#define IRQ_COUNT 32u

// CMSDK APB watchdog: the first expiry is an NMI, the second a reset.
#define WATCHDOG_LOAD REGISTER(0x40008000u)
#define WATCHDOG_CONTROL REGISTER(0x40008008u)
#define WATCHDOG_CLEAR REGISTER(0x4000800cu)
#define WATCHDOG_LOCK REGISTER(0x40008c00u)
#define WATCHDOG_INTERRUPT 1u
#define WATCHDOG_RESET 2u
#define WATCHDOG_UNLOCK 0x1acce551u

// SBCon I2C of shield 1, two lines moved by hand.
#define I2C_SET REGISTER(0x4002a000u)
#define I2C_CLEAR REGISTER(0x4002a004u)
#define I2C_SCL 1u
#define I2C_SDA 2u

// FPGA I/O: COUNTER goes up once every PRESCALE + 1 cycles.
#define FPGAIO_COUNTER REGISTER(0x40028018u)
#define FPGAIO_PRESCALE REGISTER(0x4002801cu)

#define SYSTICK_CTRL REGISTER(0xe000e010u)
#define SYSTICK_LOAD REGISTER(0xe000e014u)
#define SYSTICK_VALUE REGISTER(0xe000e018u)
#define SYSTICK_ENABLE 1u
#define SYSTICK_INTERRUPT 2u
#define SYSTICK_PROCESSOR_CLOCK 4u
#define SYSTICK_MAX 0xffffffu

#define NVIC_ENABLE REGISTER(0xe000e100u)
#define SCB_VTOR REGISTER(0xe000ed08u)
#define SCB_AIRCR REGISTER(0xe000ed0cu)
#define SCB_CCR REGISTER(0xe000ed14u)
#define SCB_SHCSR REGISTER(0xe000ed24u)
#define SCB_CFSR REGISTER(0xe000ed28u)
#define SCB_HFSR REGISTER(0xe000ed2cu)
#define SCB_MMFAR REGISTER(0xe000ed34u)
#define AIRCR_RESET 0x05fa0004u
#define CCR_DIVIDE_BY_ZERO 0x10u
#define SHCSR_MEMORY_BUS_USAGE 0x70000u

#define MPU_CTRL REGISTER(0xe000ed94u)
#define MPU_RBAR REGISTER(0xe000ed9cu)
#define MPU_RASR REGISTER(0xe000eda0u)

#endif
