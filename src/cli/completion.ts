import { basename } from "node:path";
import type { ExitCode } from "../report/exit-code.js";
import { print, type Terminal } from "./terminal.js";

type Shell = "bash" | "zsh" | "fish";

/** `portload completion`: a script for the shell. */
export async function completion(
  { shell }: { readonly shell?: Shell | undefined },
  terminal: Terminal,
): Promise<ExitCode> {
  const named = basename(terminal.env.SHELL ?? "");
  await print(terminal, scripts[shell ?? (named === "zsh" || named === "fish" ? named : "bash")]);
  return 0;
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of portload for bash. To install it:
#   echo 'source <(portload completion bash)' >> ~/.bashrc
_portload_completions() {
  local IFS=$'\\n'
  COMPREPLY=($(portload __complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}"))
}
complete -o default -F _portload_completions portload
`,
  zsh: `#compdef portload
# Completion of portload for zsh. To install it, with a folder of your $fpath:
#   portload completion zsh > ~/.zsh/completions/_portload
_portload() {
  local -a found
  found=("\${(@f)$(portload __complete zsh "\${(@)words[2,CURRENT]}")}")
  if [[ -n "$found[1]" ]]; then _describe portload found; else _files; fi
}
if [ "$funcstack[1]" = _portload ]; then _portload "$@"; else compdef _portload portload; fi
`,
  fish: `# Completion of portload for fish. To install it:
#   portload completion fish > ~/.config/fish/completions/portload.fish
complete -c portload -a '(portload __complete fish (commandline -opc)[2..] (commandline -ct))'
`,
};
