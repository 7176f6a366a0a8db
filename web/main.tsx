// The page of a run: what it shows is what the interface answers, drawn anew when something has changed.
import { render } from "preact";
import { useEffect, useReducer, useState } from "preact/hooks";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import { mayAct, takeToken } from "./api.ts";
import { Model } from "./model.ts";
import { Air } from "./parts/air.tsx";
import { Devices } from "./parts/devices.tsx";
import { Display } from "./parts/display.tsx";
import { Events } from "./parts/events.tsx";
import { HomeMap } from "./parts/map.tsx";
import { Power } from "./parts/power.tsx";
import { Time } from "./parts/time.tsx";

function Page() {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  const [model] = useState(() => new Model(() => draw(undefined)));
  useEffect(() => {
    model.listen();
    void model.refresh();
  }, [model]);
  const { state } = model;
  if (!state) return <p class="wait">The home's page is loading.</p>;
  return (
    <>
      <Time model={model} state={state} />
      {model.trouble && (
        <p class="trouble" role="alert">
          {model.trouble}
        </p>
      )}
      {!mayAct() && <p class="hint">You look on. To act, open the address that the run prints, with what stands behind #.</p>}
      <main>
        <HomeMap state={state} />
        <Display model={model} state={state} />
        <Power model={model} state={state} />
        <Devices model={model} state={state} />
        <Air model={model} state={state} />
        <Events model={model} />
      </main>
    </>
  );
}

takeToken();
const root = document.getElementById("page");
if (root) {
  root.replaceChildren();
  render(<Page />, root);
}
