-- Checks every limit of a key and takes from each, or takes nothing.
-- Answers {verdict, wait, requests, tokens, spent}; the verdict is 0, or 1 for requests, 2 for tokens, 3 for the budget.
local requests, tokens, under_way, held, spent_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, rpm, tpm, budget = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local LENGTH, KEPT = 60000, 130000
-- Longer than any period but all of time, which the replicas' own knowledge heals.
local SPENT_KEPT = 40 * 86400000

-- A window is a hash: second -> how much came in it * 1000 + the millisecond of the last.
local function window(key)
    local sum, live, all = 0, {}, redis.call('HGETALL', key)
    for at = 1, #all, 2 do
        local packed = tonumber(all[at + 1])
        local last = tonumber(all[at]) * 1000 + packed % 1000
        if last + LENGTH <= now or last > now + LENGTH then
            redis.call('HDEL', key, all[at])
        else
            local count = math.floor(packed / 1000)
            sum = sum + count
            live[#live + 1] = { last, count }
        end
    end
    return sum, live
end

-- How long until the sum is below the limit.
local function wait(live, sum, limit)
    table.sort(live, function(one, other) return one[1] < other[1] end)
    for _, bucket in ipairs(live) do
        sum = sum - bucket[2]
        if sum < limit then
            return math.min(LENGTH, math.max(0, bucket[1] + LENGTH - now))
        end
    end
    return LENGTH
end

-- What was held for requests that never came back.
if tpm >= 0 or budget >= 0 then
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', under_way, '-inf', ARGV[1])) do
        local its_tokens, its_cost = string.match(member, ':(%d+):(%d+)$')
        redis.call('ZREM', under_way, member)
        redis.call('HINCRBY', held, 'tokens', string.format('%.0f', 0 - tonumber(its_tokens)))
        redis.call('HINCRBY', held, 'cost', string.format('%.0f', 0 - tonumber(its_cost)))
    end
end

local spent = 0
if budget >= 0 then
    spent = tonumber(redis.call('GET', spent_key) or '0')
    if spent < tonumber(ARGV[7]) then
        spent = tonumber(ARGV[7])
        redis.call('SET', spent_key, ARGV[7], 'PX', SPENT_KEPT)
    end
    if spent + math.max(0, tonumber(redis.call('HGET', held, 'cost') or '0')) >= budget then
        return { 3, 0, 0, 0, spent }
    end
end

local came, came_live = 0, {}
if rpm >= 0 then
    came, came_live = window(requests)
    if came >= rpm then
        return { 1, wait(came_live, came, rpm), came, 0, spent }
    end
end

local used, used_live, waiting = 0, {}, 0
if tpm >= 0 then
    used, used_live = window(tokens)
    waiting = math.max(0, tonumber(redis.call('HGET', held, 'tokens') or '0'))
    if used + waiting >= tpm then
        return { 2, wait(used_live, used, tpm - waiting), came, used + waiting, spent }
    end
end

if rpm >= 0 then
    local second = string.format('%.0f', math.floor(now / 1000))
    local packed = tonumber(redis.call('HGET', requests, second) or '0')
    local count, last = math.floor(packed / 1000) + 1, math.max(packed % 1000, now % 1000)
    redis.call('HSET', requests, second, string.format('%.0f', count * 1000 + last))
    redis.call('PEXPIRE', requests, KEPT)
    came = came + 1
end
if tpm >= 0 or budget >= 0 then
    local until_then = string.format('%.0f', now + tonumber(ARGV[9]))
    redis.call('ZADD', under_way, until_then, ARGV[8] .. ':' .. ARGV[5] .. ':' .. ARGV[6])
    redis.call('HINCRBY', held, 'tokens', ARGV[5])
    redis.call('HINCRBY', held, 'cost', ARGV[6])
    redis.call('PEXPIRE', under_way, ARGV[9])
    redis.call('PEXPIRE', held, ARGV[9])
    waiting = waiting + tonumber(ARGV[5])
end
return { 0, 0, came, used + waiting, spent }
