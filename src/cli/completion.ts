import { basename } from "node:path";
import type { ExitCode } from "../report/exit-code.js";
import { print, type Terminal } from "./terminal.js";

type Shell = "bash" | "zsh" | "fish";

/**
 * `portload completion`: a script for the shell.
 *
 * @param install - the line that installs each shell's script
 */
export function completion(install: Readonly<Record<Shell, string>>) {
  return async ({ shell }: { readonly shell?: Shell | undefined }, terminal: Terminal): Promise<ExitCode> => {
    const named = basename(terminal.env.SHELL ?? "");
    const of = shell ?? (named === "zsh" || named === "fish" ? named : "bash");
    const line = terminal.asTyped?.(install[of]) ?? install[of];
    await print(
      terminal,
      `# Completion of portload and npx portload for ${of}. To install it:\n#   ${line}\n${scripts[of]}`,
    );
    return 0;
  };
}

/** Asks the program of PATH, else the installation that npx takes, without npx: that takes a second, and may ask to install something. */
const ask = `_portload_ask() {
  local program=portload folder=$PWD
  if ! command -v portload >/dev/null; then
    until [ -x "$folder/node_modules/.bin/portload" ]; do
      [ -n "$folder" ] || return
      folder=\${folder%/*}
    done
    program=$folder/node_modules/.bin/portload
  fi
  "$program" __complete "$@" 2>/dev/null
}
`;

/** Any other completion of npx keeps working. */
const scripts: Readonly<Record<Shell, string>> = {
  bash: `${ask}_portload_completions() {
  local IFS=$'\\n'
  COMPREPLY=($(_portload_ask bash "\${COMP_WORDS[@]:1:COMP_CWORD}"))
}
_portload_npx() {
  local at=1
  while [[ \${COMP_WORDS[at]} == -* ]]; do at=$((at + 1)); done
  if [[ \${COMP_WORDS[at]} == portload ]] && ((COMP_CWORD > at)); then
    local COMP_WORDS=("\${COMP_WORDS[@]:at}") COMP_CWORD=$((COMP_CWORD - at))
    _portload_completions
  elif [ -n "$_portload_npx_before" ]; then
    "$_portload_npx_before" "$@"
  fi
}
[[ $(complete -p npx 2>/dev/null) == *_portload_npx* ]] ||
  _portload_npx_before=$(complete -p npx 2>/dev/null | sed -n 's/.* -F \\([^ ]*\\) .*/\\1/p')
complete -o default -F _portload_completions portload
complete -o default -F _portload_npx npx
`,
  zsh: `${ask}_portload() {
  local -a found
  found=("\${(@f)$(_portload_ask zsh "\${(@)words[2,CURRENT]}")}")
  if [[ -n "$found[1]" ]]; then _describe portload found; else _files; fi
}
_portload_npx() {
  local -i at=2
  while [[ "$words[at]" == -* ]]; do at+=1; done
  if [[ "$words[at]" == portload ]] && ((CURRENT > at)); then
    words=("\${(@)words[at,-1]}")
    ((CURRENT -= at - 1))
    _portload
  elif [[ -n "$_portload_npx_before" ]]; then
    "$_portload_npx_before" "$@"
  else
    _default
  fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
[[ "$_comps[npx]" == _portload_npx ]] || typeset -g _portload_npx_before=$_comps[npx]
compdef _portload portload
compdef _portload_npx npx
`,
  fish: `function __portload_words
  set -l words (commandline -opc)
  test "$words[1]" = npx; and set -e words[1]
  while string match -q -- '-*' $words[1]; set -e words[1]; end
  test "$words[1]" = portload; and printf '%s\\n' $words
end
function __portload_ask
  set -l program portload
  if not command -q portload
    set -l folder $PWD
    while not test -x $folder/node_modules/.bin/portload
      test -n "$folder"; or return
      set folder (string replace -r '/[^/]*$' '' -- $folder)
    end
    set program $folder/node_modules/.bin/portload
  end
  set -l words (__portload_words)
  $program __complete fish $words[2..] (commandline -ct) 2>/dev/null
end
complete -c portload -a '(__portload_ask)'
complete -c npx -n 'test -n "$(__portload_words)"' -a '(__portload_ask)'
`,
};
