# Completion of hvcheck for bash.
_hvcheck()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            -*) ;;
            *) command=${COMP_WORDS[i]}; break ;;
        esac
    done
    COMPREPLY=()
    if [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'scan explain ddi capable ready facts enable disable clear undo dgreadiness help --help --version' -- "$word")
        return
    fi
    case $command:$before in
        scan:--format) mapfile -t COMPREPLY < <(compgen -W 'text json ndjson' -- "$word"); return ;;
        capable:--format | ready:--format | ddi:--format) mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word"); return ;;
        enable:--format | disable:--format | clear:--format | undo:--format)
            mapfile -t COMPREPLY < <(compgen -W 'text json reg commands' -- "$word"); return ;;
        *:--override) mapfile -t COMPREPLY < <(compgen -W 'version architecture boot-drivers policy uefi-lock
            hibernated stale-hive control-set' -- "$word"); return ;;
        scan:--color | capable:--color | ready:--color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$word"); return ;;
        *:--jobs | *:-j) mapfile -t COMPREPLY < <(compgen -W 'auto 1 2 4 8' -- "$word"); return ;;
        *:--output | *:-o | *:--facts | *:--root | *:--sysroot | *:--log | *:--backup | *:--reg-file | *:--sipolicy) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    esac
    case $command in
        scan)
            if [[ $word == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W '--format --output --jobs --evidence --quiet
                    --verbose --color --help --version' -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi ;;
        explain)
            if [[ $word == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W '--help --version' -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -W "$(hvcheck explain 2>/dev/null |
                    while read -r id _ name _; do echo "$id $name"; done)" -- "$word")
            fi ;;
        ddi)
            if [[ $word == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W '--format --help --version' -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -W "$(hvcheck ddi 2>/dev/null |
                    while read -r name _; do [[ $name == NAME ]] || echo "$name"; done)" -- "$word")
            fi ;;
        capable | ready | facts)
            if [[ $word == -* ]]; then
                local options='--facts --root --sysroot --output --help --version'
                [[ $command != ready ]] && options+=' --with-verifier --jobs'
                [[ $command != facts ]] && options+=' --hvci --dg --cg --format --log --no-registry --color'
                [[ $command == capable ]] && options+=' --hlk'
                mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi ;;
        enable | disable | clear | undo)
            if [[ $word == -* ]]; then
                local options='--facts --root --output --format --dry-run --apply --backup --override
                    --reg-file --log --reboot --help --version'
                [[ $command == enable || $command == disable ]] && options+=' --hvci --dg --cg --hlk'
                [[ $command == enable || $command == undo ]] && options+=' --jobs'
                [[ $command == enable ]] && options+=' --sipolicy --lock'
                [[ $command == clear ]] && options+=' --verifier-only'
                mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -f -- "$word")
            fi ;;
        dgreadiness)
            if [[ $word == --* ]]; then
                mapfile -t COMPREPLY < <(compgen -W '--help --version' -- "$word")
            else
                mapfile -t COMPREPLY < <(compgen -W '-Capable -Ready -Enable -Disable -Clear -ResetVerifier
                    -HVCI -DG -CG -HLK -AutoReboot -SIPolicyPath -Path' -- "$word")
            fi ;;
        help) mapfile -t COMPREPLY < <(compgen -W 'scan explain ddi capable ready facts enable disable clear undo dgreadiness help --help --version' -- "$word") ;;
    esac
}
complete -o filenames -F _hvcheck hvcheck
