import { byId, make } from "./api.js";

/** A part of the lower pane. */
interface Tab {
  readonly id: string;
  readonly title: () => string;
  /** Fills the panel again. */
  readonly render: (panel: HTMLElement) => void;
}

/** Shows tabs; gives a function that draws the titles, and the open one's panel where asked, again. */
export function openTabs(tabs: readonly Tab[]): { refresh(id?: string): void; open(id: string): void } {
  let current = tabs[0]?.id ?? "";
  // Made once: one that is drawn again when it is clicked loses the focus.
  byId("tabs").replaceChildren(
    ...tabs.map(({ id, title }, index) =>
      make(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${id}`,
          "aria-controls": "panel",
          onclick: () => open(id),
          onkeydown: (event) => {
            const by = { ArrowRight: 1, ArrowLeft: -1 }[(event as KeyboardEvent).key];
            const next = by === undefined ? undefined : tabs[(index + by + tabs.length) % tabs.length];
            if (next === undefined) return;
            open(next.id);
            byId(`tab-${next.id}`).focus();
          },
        },
        title(),
      ),
    ),
  );
  const draw = (): void => {
    for (const { id, title } of tabs) {
      const button = byId(`tab-${id}`);
      if (button.textContent !== title()) button.textContent = title();
      button.setAttribute("aria-selected", String(id === current));
      button.tabIndex = id === current ? 0 : -1;
    }
  };
  const fill = (): void => {
    byId("panel").setAttribute("aria-labelledby", `tab-${current}`);
    tabs.find(({ id }) => id === current)?.render(byId("panel"));
  };
  const open = (id: string): void => {
    current = id;
    draw();
    fill();
  };
  open(current);
  return {
    refresh(id) {
      draw();
      if (id === current) fill();
    },
    open,
  };
}

/** A part of the page whose size can be changed, in percent of the page's own. */
interface Pane {
  readonly initial: number;
  readonly least: number;
  readonly most: number;
  /** What its edge is moved by. */
  readonly keys: Readonly<Record<string, number>>;
  /** Its size where its edge is at a point of the frame. */
  readonly at: (event: PointerEvent, frame: DOMRect) => number;
}

const panes: Readonly<Record<"below" | "records" | "entities", Pane>> = {
  below: {
    ...{ initial: 36, least: 15, most: 80, keys: { ArrowUp: 4, ArrowDown: -4 } },
    at: ({ clientY }, { bottom, height }) => ((bottom - clientY) / height) * 100,
  },
  records: {
    ...{ initial: 30, least: 12, most: 42, keys: { ArrowRight: 3, ArrowLeft: -3 } },
    at: ({ clientX }, { left, width }) => ((clientX - left) / width) * 100,
  },
  entities: {
    ...{ initial: 33, least: 12, most: 42, keys: { ArrowLeft: 3, ArrowRight: -3 } },
    at: ({ clientX }, { right, width }) => ((right - clientX) / width) * 100,
  },
};

/** What the browser keeps of the sizes. */
const sizesKey = "portload sizes of panes";

/** Lets panes be made larger and smaller, by dragging their edges or by arrow keys; Home and End go as far as it goes, a double click back. Sizes stay over a reload. Gives what enlarges the lower part. */
export function openSplits(): () => void {
  const main = document.querySelector("main") as HTMLElement;
  const sizes = new Map<string, number>(Object.entries(readSizes()));
  const set = (name: string, { least, most, initial }: Pane, percent: number): void => {
    const now = Math.round(Math.max(least, Math.min(most, Number.isFinite(percent) ? percent : initial)));
    const split = byId(`split-${name}`);
    split.setAttribute("aria-valuenow", String(now));
    split.setAttribute("aria-valuetext", `${now} percent`);
    main.style.setProperty(`--${name}`, `${now}%`);
    sizes.set(name, now);
  };
  const keep = (): void => localStorage.setItem(sizesKey, JSON.stringify(Object.fromEntries(sizes)));
  for (const [name, pane] of Object.entries(panes)) {
    const split = byId(`split-${name}`);
    const { initial, least, most, keys, at } = pane;
    split.setAttribute("aria-valuemin", String(least));
    split.setAttribute("aria-valuemax", String(most));
    set(name, pane, sizes.get(name) ?? initial);
    const move = (percent: number): void => {
      set(name, pane, percent);
      keep();
    };
    split.addEventListener("pointerdown", (event) => {
      split.setPointerCapture(event.pointerId);
      event.preventDefault();
      split.focus();
    });
    split.addEventListener("pointermove", (event) => {
      if (split.hasPointerCapture(event.pointerId)) move(at(event, main.getBoundingClientRect()));
    });
    split.addEventListener("dblclick", () => move(initial));
    split.addEventListener("keydown", (event) => {
      const now = sizes.get(name) ?? initial;
      const by = { ...keys, Home: least - now, End: most - now }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      move(now + by);
    });
  }
  /** Height of the lower part before it was enlarged. */
  let before: number | undefined;
  const enlarge = (isLarge: boolean): void => {
    if (isLarge === (before !== undefined)) return;
    const height = before ?? 74;
    before = isLarge ? sizes.get("below") : undefined;
    set("below", panes.below, height);
    byId("enlarge").setAttribute("aria-pressed", String(isLarge));
    byId("enlarge").textContent = isLarge ? "Shrink" : "Enlarge";
  };
  byId("enlarge").addEventListener("click", () => enlarge(before === undefined));
  return () => enlarge(true);
}

function readSizes(): Readonly<Record<string, number>> {
  try {
    return JSON.parse(localStorage.getItem(sizesKey) ?? "{}") as Readonly<Record<string, number>>;
  } catch {
    return {};
  }
}
