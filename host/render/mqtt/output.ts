// A run that also speaks to an MQTT broker: everything goes to the output that people look at, and some of it to the broker.
import type { HomeEvent } from "../../home/events.ts";
import type { Output } from "../../home/output.ts";
import type { Status } from "../../home/status.ts";
import { Broker, type BrokerOptions } from "./broker.ts";
import { AVAILABILITY, type Dated, Messages } from "./messages.ts";

const GONE = { topic: AVAILABILITY, payload: "offline", retain: true };

export class MqttOutput implements Output {
  private constructor(
    private readonly shown: Output,
    private readonly broker: Broker,
    private readonly messages: Messages,
  ) {
    for (const message of messages.begin()) broker.publish(message);
  }

  /** `version` is the program's. */
  static async open(
    options: Omit<BrokerOptions, "will" | "clientId">,
    shown: Output,
    status: Status,
    version: string,
  ): Promise<MqttOutput> {
    const clientId = `kilowasm_${status.devices[0].extended.replaceAll(":", "")}`;
    const broker = await Broker.open({ ...options, clientId, will: GONE });
    return new MqttOutput(shown, broker, new Messages(status.devices, version));
  }

  event(event: HomeEvent): void {
    this.shown.event(event);
    for (const message of this.messages.of(event as Dated)) this.broker.publish(message);
  }

  async turn(status: Status): Promise<void> {
    await this.shown.turn(status);
    await this.broker.room();
  }

  get closed(): boolean {
    return this.shown.closed;
  }

  get failed(): boolean {
    return this.shown.failed;
  }

  async end(): Promise<void> {
    await this.broker.close(GONE);
    await this.shown.end();
  }
}
