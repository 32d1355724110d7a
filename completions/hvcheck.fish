# Completion of hvcheck for fish.
set -l commands scan explain ddi help
complete -c hvcheck -f
complete -c hvcheck -s h -l help -d 'print the help'
complete -c hvcheck -s V -l version -d 'print the version'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a scan -d 'evaluate drivers and folders of drivers'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a explain -d 'say what a rule or counter means and how to fix it'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a ddi -d 'show the table of impacted kernel functions'
complete -c hvcheck -n "not __fish_seen_subcommand_from $commands" -a help -d 'print the help of a command'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -F
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -l format -x -a 'text json ndjson' -d 'format of the report'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -s o -l output -r -F -d 'write the format named before to a file'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -s j -l jobs -x -a 'auto 1 2 4 8' -d 'files at once'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -l evidence -d 'show the instructions that a finding rests on'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -s q -l quiet -d 'only drivers that are not compatible'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -s v -l verbose -d 'also what is fine'
complete -c hvcheck -n '__fish_seen_subcommand_from scan' -l color -x -a 'auto always never' -d colours
complete -c hvcheck -n '__fish_seen_subcommand_from ddi' -l format -x -a 'text json' -d 'format of the table'
complete -c hvcheck -n '__fish_seen_subcommand_from explain' -a "(hvcheck explain 2>/dev/null | string match -r '^\S+')"
complete -c hvcheck -n '__fish_seen_subcommand_from ddi' -a "(hvcheck ddi 2>/dev/null | string match -r '^\S+' | string match -v NAME)"
complete -c hvcheck -n '__fish_seen_subcommand_from help' -a "$commands"
