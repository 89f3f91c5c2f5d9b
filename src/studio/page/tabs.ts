import { byId, make } from "./api.js";

/** A part of the lower pane. */
interface Tab {
  readonly id: string;
  readonly title: () => string;
  /** Fills the panel anew. */
  readonly render: (panel: HTMLElement) => void;
}

/** Shows tabs; gives a function that draws the titles, and the open one's panel where asked, anew. */
export function openTabs(tabs: readonly Tab[]): { refresh(id?: string): void; open(id: string): void } {
  let current = tabs[0]?.id ?? "";
  const draw = (): void => {
    byId("tabs").replaceChildren(
      ...tabs.map(({ id, title }, index) =>
        make(
          "button",
          {
            type: "button",
            role: "tab",
            id: `tab-${id}`,
            "aria-selected": String(id === current),
            "aria-controls": "panel",
            tabindex: id === current ? 0 : -1,
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
      for (const { id: own, title } of tabs) {
        const button = document.getElementById(`tab-${own}`);
        if (button !== null && button.textContent !== title()) button.textContent = title();
      }
      if (id === current) fill();
    },
    open,
  };
}

/** Lets the lower part be made taller or lower, by dragging its edge or by arrow keys. */
export function openSplit(): void {
  const split = byId("split");
  const main = split.parentElement;
  if (main === null) return;
  const set = (percent: number): void => {
    const now = Math.round(Math.max(15, Math.min(80, percent)));
    split.setAttribute("aria-valuenow", String(now));
    main.style.setProperty("--below", `${now}%`);
  };
  split.addEventListener("pointerdown", (event) => {
    split.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  split.addEventListener("pointermove", (event) => {
    if (!split.hasPointerCapture(event.pointerId)) return;
    const { bottom, height } = main.getBoundingClientRect();
    set(((bottom - event.clientY) / height) * 100);
  });
  split.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 4, ArrowDown: -4 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    set(Number(split.getAttribute("aria-valuenow")) + by);
  });
}
